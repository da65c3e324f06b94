from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import stamina

from pipelines.settings_sections import MovieLensSettings
from pipelines.sources.movielens.download import download_movielens
from warehouse.errors import ConfigError, SourceFormatError, SourceUnavailableError

CONTENT = bytes(range(256)) * 12_000
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
SETTINGS = MovieLensSettings()


@pytest.fixture(autouse=True)
def no_waiting() -> None:
    stamina.set_testing(True, attempts=3)


class Server:
    """Answers as the publisher does; ``cut`` bytes of the first answer arrive, then the connection drops."""

    def __init__(self, cut: int | None = None, md5: str = MD5, failures: int = 0) -> None:
        self.cut, self.md5, self.failures = cut, md5, failures
        self.ranges: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(".md5"):
            return httpx.Response(200, text=f"{self.md5}  ml-latest-small.zip\n")
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        if self.failures:
            self.failures -= 1
            return httpx.Response(503, text="<html>busy</html>")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if self.cut is not None:
            body, self.cut = self.dropped(start, self.cut), None
            headers = {"Content-Length": str(len(CONTENT) - start)}
            return httpx.Response(206 if asked else 200, stream=body, headers=headers)
        return httpx.Response(206 if asked else 200, content=CONTENT[start:])

    @staticmethod
    def dropped(start: int, cut: int) -> httpx.AsyncByteStream:
        class Stream(httpx.AsyncByteStream):
            async def __aiter__(self):  # type: ignore[no-untyped-def]
                yield CONTENT[start : start + cut]
                raise httpx.ReadError("connection reset")

        return Stream()


def fetch(server: Callable[[httpx.Request], httpx.Response], home: Path, name: str = "ml-latest-small") -> Path:
    return download_movielens(name, home, SETTINGS, transport=httpx.MockTransport(server))


def test_a_whole_file_is_checked_and_kept(tmp_path: Path) -> None:
    server = Server()
    path = fetch(server, tmp_path)
    assert path.read_bytes() == CONTENT
    assert fetch(server, tmp_path) == path
    assert server.ranges == [None]


def test_a_dropped_connection_is_continued_where_it_stopped(tmp_path: Path) -> None:
    server = Server(cut=2 << 20)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[0] is None
    assert server.ranges[1] == f"bytes={2 << 20}-"


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    server = Server(failures=2)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert len(server.ranges) == 3


def test_a_wrong_checksum_deletes_the_file(tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match="its MD5 is"):
        fetch(Server(md5="0" * 32), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_down_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="--movielens PATH"):
        fetch(Server(failures=99), tmp_path)


def test_a_bad_certificate_is_not_retried_and_never_skipped(tmp_path: Path) -> None:
    asked = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired")

    with pytest.raises(SourceUnavailableError, match=r"certificate has expired.*--movielens PATH"):
        fetch(refuse, tmp_path)
    assert len(asked) == 1


def test_an_unknown_set_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ml-32m"):
        fetch(Server(), tmp_path, "ml-99m")
