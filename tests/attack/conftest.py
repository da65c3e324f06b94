"""A server under attack: its own process, the limits as they ship, and Supabase as a stand-in over HTTP."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.serving.conftest import settings_of
from tests.serving.process import ROOT, Served, served
from tests.serving.releases import publish_release
from tests.serving.supabase import FakeSupabase


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The open API over the small release, as `playbill serve` runs it."""
    settings = settings_of(tmp_path_factory.mktemp("attacked"), access_log=False)
    publish_release(settings.folder)
    with served(settings) as started:
        yield started


@contextmanager
def attack_of(name: str, server: Served, *, count: int, seconds: float) -> Iterator[None]:
    """Run one attack of `bench.attackers` in a process of its own beside the block, and see it end."""
    command = [sys.executable, "-m", "bench.attackers", name, "--port", str(server.port)]
    process = subprocess.Popen(
        [*command, "--count", str(count), "--seconds", str(seconds)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        time.sleep(1.5)
        yield
        assert process.wait(timeout=seconds + 60) == 0
    finally:
        process.kill()
        process.wait()


def memory_mb(server: Served) -> float:
    """Return the server's resident memory."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@contextmanager
def supabase_over_http(supabase: FakeSupabase) -> Iterator[str]:
    """Serve the stand-in on a free port, for an API in another process; gives its address."""

    async def answer(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        headers = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        url = f"http://stand-in{scope['path']}?{scope['query_string'].decode()}"
        response = await supabase._answer(httpx.Request("GET", url, headers=headers))
        body = response.content
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": response.status_code, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(answer, lifespan="off", log_level="error", access_log=False)
        stand_in = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(stand_in.serve([listener])), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stand_in.should_exit = True
        thread.join(10)
