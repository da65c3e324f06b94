"""Small services on loopback for the API to ask: a test decides what they answer, and every question is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from serving.outside import Outside

Answer = tuple[int, Any]
"""A status and a body, which goes out as JSON unless it is bytes."""


class Service:
    """One service: ``answer(method, path, query, headers)`` says what it says."""

    def __init__(self, answer: Callable[..., Answer]) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving(answer: Callable[..., Answer]) -> Iterator[Service]:
    service = Service(answer)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query))
            service.asked.append((url.path, query))
            status, body = service.answer(self.command, url.path, query, self.headers)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def age(answers: Outside, seconds: float) -> None:
    """Make what is remembered of a service as old as if so many seconds had gone by."""
    for key, (moment, value) in list(answers._kept.items()):
        answers._kept[key] = (moment - seconds, value)
