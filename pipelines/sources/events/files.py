"""Files of interaction logs: read entry by entry within limits, and written again without some of them.

A log is JSON lines (``.jsonl``, ``.ndjson``) or one JSON array (``.json``), plain or gzipped. An entry is a line, or an
element of the array written as one.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from pipelines.settings_sections import LimitSettings
from warehouse.files import replacing

LINES = (".jsonl", ".ndjson")
ARRAY = ".json"
UNDERSTOOD = ".jsonl, .ndjson and .json, each also with .gz"
BLOCK_BYTES = 1 << 16
MOST_BLANK_LINES = 1_000_000
BOM = b"\xef\xbb\xbf"
NEAR_THE_END = 12
"""Characters before the end of what was read in which a syntax error may come of its being cut there."""


class UnfinishedFileError(Exception):
    """The file may still be written."""


class DamagedFileError(Exception):
    """The file cannot be read, and never will be; the message says why."""


class Entry(NamedTuple):
    """One entry of a log: its number from 1, its text, and whether that is all of it (else it was cut)."""

    number: int
    text: bytes
    whole: bool


def is_log(path: Path) -> bool:
    """Tell by its name whether a file is a log."""
    return _plain_name(path).endswith((*LINES, ARRAY))


def entries(path: Path, limits: LimitSettings) -> Iterator[Entry]:
    """Yield a log's entries in order; blank lines are counted and passed over, lines past the limit cut.

    Raises
    ------
    UnfinishedFileError
        If the file is empty, has no newline at its end, or its gzip or its array is cut short.
    DamagedFileError
        If it is no gzip, no JSON array, or unpacks to more than `LimitSettings.unpacked_mb`.
    """
    with _opened(path) as handle:
        source = _Bounded(handle, limits.unpacked_mb)
        read = _elements if _plain_name(path).endswith(ARRAY) and _begins_an_array(path) else _lines
        yield from read(source, limits.line_bytes)


def write_entries(source: Path, target: Path, limits: LimitSettings, keep: Callable[[Entry], bool]) -> int:
    """Write a log's entries as JSON lines, gzipped where the target's name says so; return how many were left out.

    Entries that were cut are left out too.
    """
    left_out = 0
    with replacing(target) as temporary, _opened_new(temporary, zipped=target.name.endswith(".gz")) as sink:
        for entry in entries(source, limits):
            if entry.whole and keep(entry):
                sink.write(entry.text + b"\n")
            else:
                left_out += 1
    return left_out


def as_lines(name: str) -> str:
    """Return the name that a log has once it is written as JSON lines."""
    plain = name[: -len(".gz")] if name.lower().endswith(".gz") else name
    return f"{plain[: -len(ARRAY)]}.jsonl" if plain.lower().endswith(ARRAY) else name


class _Bounded:
    """A file that gives no more than was agreed, and says in our words what is wrong with it."""

    def __init__(self, handle: IO[bytes], unpacked_mb: float) -> None:
        self._handle, self._left, self._allowed_mb = handle, int(unpacked_mb * 1e6), unpacked_mb

    def read(self, size: int) -> bytes:
        return self._counted(lambda: self._handle.read(size))

    def readline(self, size: int) -> bytes:
        return self._counted(lambda: self._handle.readline(size))

    def _counted(self, read: Callable[[], bytes]) -> bytes:
        try:
            block = read()
        except EOFError:
            raise UnfinishedFileError from None
        except (gzip.BadGzipFile, zlib.error):
            raise DamagedFileError("not a whole gzip file") from None
        self._left -= len(block)
        if self._left < 0:
            raise DamagedFileError(f"longer than {self._allowed_mb:,.0f} MB (PLAYBILL_LIMITS__UNPACKED_MB)")
        return block


def _lines(source: _Bounded, longest: int) -> Iterator[Entry]:
    number = blank = 0
    while line := source.readline(longest + 2):
        number += 1
        rest = line
        while not rest.endswith(b"\n"):
            rest = source.readline(1 << 20)
            if not rest:
                raise UnfinishedFileError
        text = line.rstrip(b"\r\n") if line.endswith(b"\n") else line
        text = text.removeprefix(BOM) if number == 1 else text
        if text.strip():
            yield Entry(number, text, whole=line.endswith(b"\n") and len(text) <= longest)
            continue
        blank += 1
        if blank > MOST_BLANK_LINES:
            raise DamagedFileError(f"more than {MOST_BLANK_LINES:,} blank lines")
    if number == 0:
        raise UnfinishedFileError


def _elements(source: _Bounded, longest: int) -> Iterator[Entry]:
    """Yield an array's elements, holding no more than one of them and a block."""
    text = _ArrayText(source, longest)
    text.expect("[")
    number = 0
    while True:
        if text.peek() == "]" and number == 0:
            text.expect("]")
            break
        number += 1
        yield Entry(number, text.element(), whole=True)
        if text.peek() == "]":
            text.expect("]")
            break
        text.expect(",")
    if text.peek(at_end_too=True):
        raise DamagedFileError("something follows the JSON array")


class _ArrayText:
    """The text of a JSON array, decoded block by block."""

    def __init__(self, source: _Bounded, longest: int) -> None:
        self._source, self._longest = source, longest
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text, self._at, self._ended = "", 0, False

    def peek(self, *, at_end_too: bool = False) -> str:
        """Return the next character that is not blank; at the end, nothing or an error."""
        while True:
            rest = self._text[self._at :]
            stripped = rest.lstrip()
            if stripped:
                self._at += len(rest) - len(stripped)
                return stripped[0]
            if self._ended:
                if at_end_too:
                    return ""
                raise UnfinishedFileError
            self._more()

    def expect(self, character: str) -> None:
        """Pass over a character.

        Raises
        ------
        DamagedFileError
            If another stands there.
        """
        if self.peek() != character:
            raise DamagedFileError("not a JSON array")
        self._at += 1

    def element(self) -> bytes:
        """Return the next element, on one line."""
        self.peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
                if end < len(self._text):
                    self._at = end
                    return json.dumps(value).encode()
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or len(self._text) - error.pos < NEAR_THE_END
                if not cut:
                    raise DamagedFileError("not a JSON array") from None
            except (ValueError, RecursionError):
                raise DamagedFileError("not a JSON array") from None
            if self._ended:
                raise UnfinishedFileError
            if len(self._text) - self._at > self._longest:
                raise DamagedFileError(
                    f"an element is longer than {self._longest:,} bytes (PLAYBILL_LIMITS__LINE_BYTES)"
                )
            self._more()

    def _more(self) -> None:
        # as much again as there is, so that a long element is not decoded once a block
        block = self._source.read(max(BLOCK_BYTES, len(self._text) - self._at))
        try:
            self._text = self._text[self._at :] + self._utf8.decode(block, final=not block)
        except UnicodeDecodeError:
            raise DamagedFileError("not UTF-8") from None
        self._at, self._ended = 0, not block


def _plain_name(path: Path) -> str:
    return path.name.lower().removesuffix(".gz")


def _begins_an_array(path: Path) -> bool:
    with _opened(path) as handle:
        source = _Bounded(handle, 1e6)
        while block := source.read(BLOCK_BYTES):
            text = block.removeprefix(BOM).lstrip()
            if text:
                return text.startswith(b"[")
    return False


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rb") as zipped:
            yield zipped  # type: ignore[misc]
    else:
        with path.open("rb") as plain:
            yield plain


@contextmanager
def _opened_new(path: Path, *, zipped: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as plain:
        if not zipped:
            yield plain
            return
        with gzip.GzipFile(fileobj=plain, mode="wb") as sink:
            yield sink  # type: ignore[misc]
