"""`playbill doctor` in front of services that are well, that refuse, and that are not there."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.flows.conftest import Invoke

STANDINS = Path(__file__).resolve().parents[3] / "shared" / "standins"
TMDB_KEY = "0123456789abcdef0123456789abcdef"
NOWHERE = "http://127.0.0.1:9"
Start = Callable[..., str]
Findings = dict[str, tuple[str, str]]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a stand-in and return its address; all are stopped at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def run(name: str, *words: str) -> str:
        if not STANDINS.is_dir():
            pytest.skip("the stand-ins are not beside this checkout")
        port = free_port()
        command = [sys.executable, str(STANDINS / f"{name}.py"), "--port", str(port), *words]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        raise AssertionError(f"{name} did not start")

    yield run
    for process in started:
        process.terminate()
        process.wait(10)


@pytest.fixture
def healthy() -> Iterator[Callable[[int], str]]:
    """Start a server that answers every request with a status, and return its address."""
    servers: list[ThreadingHTTPServer] = []

    def run(status: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status if self.path.endswith("/health") else 404)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"true")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own name
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def examined(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, **settings: str) -> tuple[int, Findings]:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    code, text = invoke("doctor", "--json")
    return code, {finding["about"]: (finding["state"], finding["found"]) for finding in json.loads(text)}


@pytest.mark.slow
def test_tmdb_is_asked(invoke: Invoke, published: list[str], monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    base = f"{start('tmdb')}/3"
    code, found = examined(invoke, monkeypatch, TMDB_API_KEY=TMDB_KEY, PLAYBILL_TMDB__BASE_URL=base)
    assert (code, found["tmdb"]) == (0, ("ok", f"{base} answers and takes TMDB_API_KEY"))
    code, found = examined(invoke, monkeypatch, TMDB_API_KEY="f" * 32)
    assert (code, found["tmdb"][0]) == (1, "problem")
    assert "key" in found["tmdb"][1]
    assert "f" * 32 not in str(found)
    code, found = examined(invoke, monkeypatch, PLAYBILL_TMDB__BASE_URL=f"{NOWHERE}/3")
    assert (code, found["tmdb"][0]) == (1, "problem")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "kind", "tokens"),
    [((), "secret", "1 public keys"), (("--keys", "legacy", "--auth", "hs256"), "service_role", "no public key")],
)
def test_supabase_is_asked(
    words: tuple[str, ...], kind: str, tokens: str, invoke: Invoke, published: list[str],
    monkeypatch: pytest.MonkeyPatch, start: Start,
) -> None:  # fmt: skip
    url = start("supabase", *words)
    given = json.load(urllib.request.urlopen(f"{url}/__info"))
    code, found = examined(invoke, monkeypatch, SUPABASE_URL=url, SUPABASE_SECRET_KEY=secret_in(given))
    assert code == 0, found
    assert found["supabase"] == ("ok", f"takes the {kind} key, and public.ratings may be read (GRANT is there)")
    assert found["users' tokens"] == ("ok", found["users' tokens"][1])
    assert tokens in found["users' tokens"][1]


def secret_in(info: dict[str, str]) -> str:
    """Return the secret key that a stand-in tells."""
    return next(value for name, value in info.items() if "secret" in name or "service" in name)


@pytest.mark.slow
def test_a_table_without_grant_is_found(
    invoke: Invoke, published: list[str], monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    url = start("supabase", "--no-grant")
    key = secret_in(json.load(urllib.request.urlopen(f"{url}/__info")))
    code, found = examined(invoke, monkeypatch, SUPABASE_URL=url, SUPABASE_SECRET_KEY=key)
    assert (code, found["supabase"][0]) == (1, "problem")
    assert "GRANT" in found["supabase"][1].upper()
    code, found = examined(invoke, monkeypatch, SUPABASE_SECRET_KEY="sb_secret_another")
    assert (code, found["supabase"][0]) == (1, "problem")
    assert "sb_secret_another" not in str(found)
    code, found = examined(invoke, monkeypatch, SUPABASE_URL=NOWHERE)
    assert (code, found["supabase"][0]) == (1, "problem")


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (500, "problem"), (None, "problem")])
def test_prefect_and_mlflow_are_asked(
    status: int | None, state: str, invoke: Invoke, published: list[str], monkeypatch: pytest.MonkeyPatch,
    healthy: Callable[[int], str],
) -> None:  # fmt: skip
    url = NOWHERE if status is None else healthy(status)
    code, found = examined(invoke, monkeypatch, PREFECT_API_URL=f"{url}/api", MLFLOW_TRACKING_URI=url)
    assert (code, found["prefect"][0], found["mlflow"][0]) == (0 if state == "ok" else 1, state, state)
    if state == "problem":
        assert "prefect server start" in found["prefect"][1]
        assert "without being tracked" in found["mlflow"][1]
    named = url.replace("//", "//ada:a-password@")
    assert "a-password" not in str(examined(invoke, monkeypatch, MLFLOW_TRACKING_URI=named))
