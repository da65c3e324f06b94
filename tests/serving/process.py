"""The API in a process of its own, as `playbill serve` runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, time
if __name__ == "__mp_main__":
    time.sleep(float(sys.argv[3]))
from pipelines.settings import Settings
from serving.server import serve
if __name__ == "__main__":
    serve(Settings(), "127.0.0.1", int(sys.argv[1]), int(sys.argv[2]))
"""


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the environment that makes the same settings in another process."""
    serving = settings.serving
    names = {
        "PLAYBILL_DATA_DIR": str(settings.data_dir),
        "PLAYBILL_SERVING__API_KEYS": ",".join(key.get_secret_value() for key in serving.api_keys),
        "PLAYBILL_SERVING__FEEDBACK": str(serving.feedback),
        "PLAYBILL_SERVING__ACCESS_LOG": str(serving.access_log),
        "PLAYBILL_SERVING__POLL_SECONDS": "0.05",
        "PLAYBILL_SERVING__LIVE_RATE": str(serving.live_rate),
        "PLAYBILL_SERVING__LIVE_BURST": str(serving.live_burst),
        "PLAYBILL_SERVING__ROUTES": json.dumps(serving.routes),
        "PLAYBILL_SERVING__ROUTES_SALT": serving.routes_salt,
        "PYTHONPATH": str(ROOT),
    }
    if settings.spotify_client_id and settings.spotify_client_secret:
        names |= {
            "SPOTIFY_CLIENT_ID": settings.spotify_client_id,
            "SPOTIFY_CLIENT_SECRET": settings.spotify_client_secret.get_secret_value(),
            "PLAYBILL_SPOTIFY__BASE_URL": settings.spotify.base_url,
            "PLAYBILL_SPOTIFY__TOKEN_URL": settings.spotify.token_url,
        }
    if settings.tmdb_api_key:
        names |= {
            "TMDB_API_KEY": settings.tmdb_api_key.get_secret_value(),
            "PLAYBILL_TMDB__BASE_URL": settings.tmdb.base_url,
        }
    if settings.supabase_url and settings.supabase_key:
        names |= {
            "SUPABASE_URL": settings.supabase_url,
            "SUPABASE_SECRET_KEY": settings.supabase_key.get_secret_value(),
        }
    return {**os.environ, **names}


@dataclass(frozen=True)
class Served:
    """A running API: its address and its process, the supervisor's where there are several workers."""

    url: str
    port: int
    process: subprocess.Popen[bytes]

    def children(self) -> list[int]:
        """Return the process ids of its workers."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def serving_process(settings: Settings, workers: int = 1) -> Iterator[str]:
    """Start the API on a free port and stop it at the end of the block; gives its address."""
    with served(settings, workers) as running:
        yield running.url


@contextmanager
def served(
    settings: Settings, workers: int = 1, prefix: Sequence[str] = (), worker_start_seconds: float = 0.0
) -> Iterator[Served]:
    """Start the API on a free port and stop it at the end of the block.

    Parameters
    ----------
    prefix : sequence of str
        A command to start it under.
    worker_start_seconds : float
        How much longer each of several workers takes to start, as on a busy machine.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    program = settings.data_dir / "serve_for_tests.py"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(PROGRAM)
    command = [*prefix, sys.executable, str(program), str(port), str(workers), str(worker_start_seconds)]
    process = subprocess.Popen(command, env=environment_of(settings))
    try:
        wait_for(url, process)
        yield Served(url, port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the API answers."""
    deadline = time.monotonic() + 120  # starting takes seconds, on a busy machine many
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 120 s")
