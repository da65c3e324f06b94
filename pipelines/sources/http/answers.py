"""Answers read to their end, unless they have none: unpacked piece by piece, up to a limit."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from warehouse.errors import SourceFormatError

ACCEPTED = {"Accept-Encoding": "gzip"}
"""What we can unpack in bounded pieces; anything else is refused."""
GZIP = 16 + zlib.MAX_WBITS
PIECE_BYTES = 1 << 20
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
EMAIL = re.compile(r"[^\s@'\"<>()]+@[^\s@'\"<>()]+")


class TooLongError(SourceFormatError):
    """An answer is longer than is read."""


@dataclass(frozen=True)
class Reply:
    """A whole answer: status, headers, and the unpacked body."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def phrase(self) -> str:
        """``503 Service Unavailable``."""
        return f"{self.status} {httpx.codes.get_reason_phrase(self.status)}".strip()

    @property
    def date(self) -> datetime | None:
        """The server's own clock, from the ``Date`` header."""
        try:
            moment = parsedate_to_datetime(self.headers.get("Date", "")[:64])
        except (ValueError, OverflowError):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def json(self) -> Any:
        """Parse the body, strictly: no NaN, no number of thousands of digits, no endless nesting, UTF-8 only.

        Raises
        ------
        ValueError
            If it is not such JSON.
        """
        try:
            return json.loads(self.content.decode("utf-8"), parse_constant=_refuse)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


async def pieces(response: httpx.Response, limit_bytes: int, what: str, setting: str) -> AsyncIterator[bytes]:
    """Yield the unpacked body; each piece is at most a megabyte, whatever it was packed into.

    Raises
    ------
    SourceFormatError
        If it is longer than the limit, packed in a way that was not asked for, or not whole.
    """
    left = limit_bytes
    unpacker = _unpacker(response, what)
    async for packed in _raw(response):
        rest = packed
        while rest:
            piece, rest = (rest, b"") if unpacker is None else _unpack(unpacker, rest, what)
            left -= len(piece)
            if left < 0:
                raise TooLongError(f"{what}: an answer is longer than {limit_bytes / 2**20:g} MB ({setting})")
            if piece:
                yield piece
    if unpacker is not None and not unpacker.eof:
        raise httpx.RemoteProtocolError("the packed answer is cut short")


async def read_whole(response: httpx.Response, limit_bytes: int, what: str) -> Reply:
    """Return the answer with its body, at most ``limit_bytes`` long."""
    body = bytearray()
    async for piece in pieces(response, limit_bytes, what, "PLAYBILL_LIMITS__ANSWER_MB"):
        body += piece
    return Reply(response.status_code, response.headers, bytes(body))


async def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:  # made in memory, and unpacked there
        yield response.content
        return
    async for packed in response.aiter_raw():
        yield packed


def _unpacker(response: httpx.Response, what: str) -> Any:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", "") or response.is_stream_consumed:
        return None
    if encoding not in ("gzip", "x-gzip"):
        raise SourceFormatError(f"{what}: an answer is packed as {plain(encoding)[:40]!r}; only gzip was asked for")
    return zlib.decompressobj(GZIP)


def _unpack(unpacker: Any, packed: bytes, what: str) -> tuple[bytes, bytes]:
    if unpacker.eof:
        return b"", b""  # what follows the end is no part of it
    try:
        piece: bytes = unpacker.decompress(packed, PIECE_BYTES)
    except zlib.error as error:
        raise SourceFormatError(f"{what}: an answer says that it is gzip and is not ({error})") from None
    return piece, unpacker.unconsumed_tail


def plain(text: str) -> str:
    """Return a server's words as one printable line that names nobody: ids of people and addresses are taken out."""
    line = " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text).split())
    return EMAIL.sub("[somebody]", UUID.sub("[somebody]", line))[:300]
