"""Odd requests on the wire: each gets an answer, or its connection is closed; the server goes on."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from serving.http.connections import MAX_HEADERS
from tests.serving.conftest import settings_of
from tests.serving.process import Served, served
from tests.serving.releases import publish_release
from tests.tally import attempt

HOST = b"Host: localhost\r\n"
POST = b"POST /recommend HTTP/1.1\r\n" + HOST
GET = b"GET /health HTTP/1.1\r\n" + HOST
UPGRADE = b"Connection: Upgrade\r\nUpgrade: %b\r\n\r\n"

REQUESTS: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "plain": (GET + b"\r\n", (200,)),
    "http/1.0": (b"GET /health HTTP/1.0\r\n\r\n", (200,)),
    "head": (b"HEAD /recommendations/ml_1 HTTP/1.1\r\n" + HOST + b"\r\n", (200,)),
    "trace": (b"TRACE /health HTTP/1.1\r\n" + HOST + b"\r\n", (405,)),
    "options": (b"OPTIONS /health HTTP/1.1\r\n" + HOST + b"\r\n", (405,)),
    "options of everything": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", (400, 404, 405)),
    "connect": (b"CONNECT localhost:22 HTTP/1.1\r\n" + HOST + b"\r\n", (400, 404, 405)),
    "an unknown method": (b"BREW /health HTTP/1.1\r\n" + HOST + b"\r\n", (400,)),
    "purge": (b"PURGE /health HTTP/1.1\r\n" + HOST + b"\r\n", (405,)),
    "upgrade to websocket": (GET + UPGRADE % b"websocket", (200,)),
    "a whole websocket handshake": (
        GET + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n" + UPGRADE % b"websocket",
        (200,),
    ),
    "upgrade to h2c": (GET + b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" + UPGRADE % b"h2c", (200,)),
    "upgrade to nonsense": (GET + UPGRADE % b"nonsense/9", (200,)),
    "http/2 by prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", (400,)),
    "bytes": (bytes(range(256)), (400,)),
    "two lengths": (
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        (400,),
    ),
    "a length and chunks": (
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        (400,),
    ),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", (400,)),
    "a length past 64 bits": (
        POST + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n",
        (400,),
    ),
    "a long length": (POST + b"Content-Length: 999999999\r\n\r\n", (413,)),
    "a bad chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", (400, 422)),
    "a folded header": (GET + b"X-A: b\r\n c\r\n\r\n", (200, 400)),
    "a header without a name": (GET + b": b\r\n\r\n", (400,)),
    "a space before the colon": (GET + b"X-A : b\r\n\r\n", (400,)),
    "a null in a header": (GET + b"X-A: b\x00c\r\n\r\n", (400,)),
    "a bare line feed": (b"GET /health HTTP/1.1\nHost: localhost\n\n", (200, 400)),
    "an address as path": (b"GET http://elsewhere.example/health HTTP/1.1\r\n" + HOST + b"\r\n", (200, 400)),
    "two dots": (b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", (404,)),
    "encoded dots": (b"GET /movies/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\n" + HOST + b"\r\n", (404, 422)),
    "a null in the path": (b"GET /recommendations/a%00b HTTP/1.1\r\n" + HOST + b"\r\n", (200, 404, 422)),
    "bytes that are no text": (b"GET /recommendations/%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n", (200, 404, 422)),
    "raw bytes in the path": (b"GET /recommendations/\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", (400,)),
    "a stranger's host": (b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", (421,)),
    "two hosts": (GET + b"Host: evil.example\r\n\r\n", (421,)),
    "too many headers": (GET + b"a: b\r\n" * (MAX_HEADERS + 1) + b"\r\n", (431,)),
    "a long header": (GET + b"X-A: " + b"a" * 40_000 + b"\r\n\r\n", (431,)),
    "headers without an end": (GET + (b"X-A: " + b"a" * 1000 + b"\r\n") * 90, (431,)),
    "a very long path": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", (400, 404, 414, 431)),
    "a very long line": (b"GET /" + b"a" * 300_000, (431,)),
    "a thousand at once": ((GET + b"\r\n") * 1000, (200, 429)),
    "trailers without an end": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 1000,
        (400, 422, 431),
    ),
}


def answer_to(server: Served, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


@pytest.mark.slow
@pytest.mark.parametrize("what", REQUESTS)
def test_every_request_gets_an_answer(server: Served, what: str) -> None:
    request, statuses = REQUESTS[what]
    with attempt("attack: odd requests"):
        answer = answer_to(server, request)
        assert answer.startswith(b"HTTP/1.1 "), answer[:100]
        assert int(answer[9:12]) in statuses, answer[:300]
        assert httpx.get(f"{server.url}/health").status_code == 200


@pytest.mark.slow
def test_refusals_are_problems(server: Served) -> None:
    for what in ("bytes", "too many headers", "trace", "a stranger's host", "a long header"):
        assert b"application/problem+json" in answer_to(server, REQUESTS[what][0]), what


@pytest.mark.slow
def test_with_few_file_handles_good_clients_are_answered(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, access_log=False)
    publish_release(settings.folder)
    with served(settings, prefix=["prlimit", "--nofile=1024:1024"]) as server:
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(1200)]
        try:
            for connection in held:
                with suppress(OSError):
                    connection.sendall(b"GET / HT")
            for _ in range(20):
                with attempt("attack: good clients, file handles used up"):
                    assert httpx.get(f"{server.url}/recommendations/ml_1", timeout=5).status_code == 200
        finally:
            for connection in held:
                connection.close()
