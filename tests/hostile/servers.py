"""Servers on loopback that lie: each answer is written byte by byte as a test wants it."""

from __future__ import annotations

import gzip
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Lie = Callable[[BaseHTTPRequestHandler], None]
"""Writes an answer to the handler's ``wfile``."""


class Seen:
    """What a server was asked: paths with queries, and headers."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []

    @property
    def text(self) -> str:
        return repr(self.paths) + repr(self.headers)


@contextmanager
def lying(lie: Lie) -> Iterator[tuple[str, Seen]]:
    """Give the address of a server whose every answer is ``lie``, and what it was asked."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing."""

        def do_GET(self) -> None:
            seen.paths.append(self.path)
            seen.headers.append(dict(self.headers.items()))
            self.close_connection = True
            try:
                lie(self)
            except OSError:
                return  # the client has gone

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(
    handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, *, length: int | None = None, **headers: str
) -> None:
    """Write an honest answer, but for its ``length`` and headers."""
    handler.send_response(status)
    given = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    for name, value in given.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.send_header("Connection", "close")  # it is: a client that did not know would ask on it again, and lose
    handler.end_headers()
    handler.wfile.write(body)


def saying(body: bytes, status: int = 200, **headers: str) -> Lie:
    return lambda handler: answer(handler, body, status, length=None, **headers)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Never end the body."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    while True:
        handler.wfile.write(b'{"id": 1},' * 10_000)


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, never silent long enough for a read timeout."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(200):
        handler.wfile.write(b" ")
        time.sleep(0.1)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    """The same, before the body begins."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        handler.wfile.write(b"X")
        time.sleep(0.1)


def endless_headers(handler: BaseHTTPRequestHandler) -> None:
    """Never end the headers."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")


def silent(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing at all."""
    time.sleep(5)


def gone(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection."""
    handler.connection.close()


def not_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xff\x16\x03 220 mail.example ESMTP\r\n\r\n")


def gzip_bomb(layers: int = 1) -> Lie:
    """A gigabyte of zeros in a megabyte; with two layers a kilobyte."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(1024)), packer.flush()])
    for _ in range(layers - 1):
        packed = gzip.compress(packed)
    return saying(packed, Content_Encoding=", ".join(["gzip"] * layers))


BODIES: dict[str, Lie] = {
    "empty": saying(b""),
    "HTML": saying(b"<html>Sign in</html>", Content_Type="text/html"),
    "null": saying(b"null"),
    "a number": saying(b"1e999"),
    "NaN": saying(b"NaN"),
    "a list of numbers": saying(b"[1, 2, 3]"),
    "deep": saying(b"[" * 500_000),
    "deep objects": saying(b'{"a":' * 200_000),
    "cut JSON": saying(b'[{"id": 1, "user'),
    "invalid UTF-8": saying(b'{"results": "\xff\xfe\xc3"}'),
    "huge number": saying(b'{"total_pages": ' + b"9" * 100_000 + b"}"),
    "UTF-16": saying('[{"id": 1}]'.encode("utf-16")),
    "success with an error in it": saying(b'{"code": "42501", "message": "permission denied"}'),
    "204": saying(b"", 204),
    "418": saying(b"teapot", 418),
    "600": saying(b"", 600),
    "says gzip and is not": saying(b"[]", Content_Encoding="gzip"),
    "brotli": saying(b"\x0b\x00\x80[]\x03", Content_Encoding="br"),
    "a codec that is none": saying(b"[]", Content_Encoding="../../etc/passwd"),
    "cut gzip": saying(gzip.compress(b"[" + b"1," * 10_000 + b"1]")[:200], Content_Encoding="gzip"),
    "a wrong length": lambda handler: answer(handler, b"[]", length=1000),
    "Retry-After a year": saying(b"", 429, Retry_After="31536000"),
    "Retry-After nonsense": saying(b"", 503, Retry_After="-1e309"),
    "Date in the year 9999": saying(b"{}", Date="Fri, 31 Dec 9999 23:59:59 GMT"),
}
STREAMS: dict[str, Lie] = {
    "endless body": endless,
    "drip of the body": drip_body,
    "drip of the headers": drip_headers,
    "endless headers": endless_headers,
    "silence": silent,
    "connection closed": gone,
    "not HTTP": not_http,
}
