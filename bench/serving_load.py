"""For the benchmarks of the API: clients over kept connections, and a server in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

Paths = Callable[[], str]


class Tally:
    """Times and failures of one round."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.failed = 0
        self.mixed = 0
        self.bytes = 0

    def p(self, share: float) -> float:
        """Return a percentile in milliseconds."""
        return float(np.quantile(self.seconds, share)) * 1000


async def client(port: int, path: Paths, stop: Callable[[], bool], tally: Tally, *, check: bool) -> None:
    """Ask over one connection until told to stop."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while not stop():
        started = time.perf_counter()
        writer.write(f"GET {path()} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        tally.seconds.append(time.perf_counter() - started)
        tally.bytes += length
        if not head.startswith(b"HTTP/1.1 200"):
            tally.failed += 1
        elif check and not is_whole(body):
            tally.mixed += 1
    writer.close()


def is_whole(body: bytes) -> bool:
    """Tell whether a list is of the release it names: the first film's id says which one it is of."""
    answer = json.loads(body)
    minutes = int(answer["release_id"][9:11]) * 60 + int(answer["release_id"][11:13]) - 180
    return bool(answer["recommendations"][0]["movie_id"] == 1000 + minutes)


def load(port: int, path: Paths, *, clients: int, seconds: float, count: int = 0, check: bool = False) -> Tally:
    """Run clients for so long, or for so many requests; the first tenth of the time warms up and is not counted."""
    tally = Tally()

    async def run(stop: Callable[[], bool]) -> None:
        await asyncio.gather(*(client(port, path, stop, tally, check=check) for _ in range(clients)))

    if count:
        asyncio.run(run(lambda: len(tally.seconds) >= count))
        return tally
    warm = time.perf_counter() + seconds / 10
    asyncio.run(run(lambda: time.perf_counter() > warm))
    tally.__init__()  # type: ignore[misc]
    end = time.perf_counter() + seconds
    asyncio.run(run(lambda: time.perf_counter() > end))
    return tally


@contextmanager
def server(program: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Start a server in a process of its own; gives its port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(port)], env={**os.environ, **environment}, cwd=Path(__file__).parents[1]
    )
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(0.5)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


API = """
import sys
from pipelines.settings import Settings
from serving.server import serve
serve(Settings(), "127.0.0.1", int(sys.argv[1]), 1)
"""


BARE = """
import os, sys, uvicorn
from fastapi import FastAPI, Response
app, body = FastAPI(), b"x" * int(os.environ["BARE_BYTES"])
@app.get("/bare")
async def bare() -> Response:
    return Response(body, media_type="application/json")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False,
            log_level="warning")
"""


def serving(data_dir: Path) -> dict[str, str]:
    """Return the environment of the API under measurement."""
    return {
        "PLAYBILL_DATA_DIR": str(data_dir), "PLAYBILL_SERVING__ACCESS_LOG": "false",
        "PLAYBILL_SERVING__POLL_SECONDS": "0.2", "PLAYBILL_SERVING__LIVE_RATE": "1000000",
        "PLAYBILL_SERVING__LIVE_BURST": "1000000",
    }  # fmt: skip


def memory_mb(pid: int) -> float:
    """Return a process's resident memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
