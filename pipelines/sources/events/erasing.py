"""Taking a person out of interaction logs: the archive, the inbox, and logs that were kept aside whole."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.settings_sections import LimitSettings
from pipelines.sources.events.files import (
    DamagedFileError,
    UnfinishedFileError,
    as_lines,
    entries,
    is_log,
    write_entries,
)
from warehouse.erase import Erased
from warehouse.files import replacing

BLOCK_BYTES = 1 << 12

Theirs = Callable[[str], bool]
"""Whether a line's text names the person."""


def erase_from_logs(home: Path, limits: LimitSettings, theirs: Theirs, *, erase: bool) -> Erased:
    """Write again, without a person's lines, every whole log of a folder that has any.

    A log that is not whole (it is still being written) is left, and named in the result's note.
    """
    rows = files = unfinished = 0
    for path in _logs(home):
        try:
            hit = sum(theirs(_text(entry.text)) for entry in entries(path, limits))
        except (UnfinishedFileError, DamagedFileError):
            unfinished += 1
            continue
        rows, files = rows + hit, files + bool(hit)
        if hit and erase:
            target = path.with_name(as_lines(path.name))
            write_entries(path, target, limits, lambda entry: not theirs(_text(entry.text)))
            if target != path:
                path.unlink()
    note = f"{unfinished:,} logs are not finished; ingest passes over the person's lines in them" if unfinished else ""
    return Erased(rows, files, note)


def erase_from_set_aside(home: Path, limits: LimitSettings, theirs: Theirs, *, erase: bool) -> Erased:
    """Take a person out of logs that were kept aside whole: refused ones, and those that cannot be read to the end.

    What cannot be read of a damaged log cannot be shown to be without the person. So its readable lines are kept, as
    ``.jsonl``, and the rest goes.
    """
    rows = files = damaged = 0
    for path in _logs(home):
        hit, whole = erase_from_one(path, limits, theirs, erase=erase)
        rows, files, damaged = rows + hit, files + (hit > 0 or not whole), damaged + (not whole)
    note = f"{damaged:,} damaged logs: the readable lines are kept, the rest is gone" if damaged else ""
    return Erased(rows, files, note)


def erase_from_one(path: Path, limits: LimitSettings, theirs: Theirs, *, erase: bool) -> tuple[int, bool]:
    """Take a person out of one log that was kept aside whole; return their lines, and whether all of it is readable."""
    lines, whole = _readable(path, limits)
    hit = sum(theirs(_text(line)) for line in lines())
    if erase and (hit or not whole):
        plain = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
        target = path.with_name(as_lines(plain))
        with replacing(target) as temporary, temporary.open("wb") as sink:
            for line in lines():
                if not theirs(_text(line)):
                    sink.write(line + b"\n")
        if target != path:
            path.unlink()
    return hit, whole


def _logs(home: Path) -> list[Path]:
    return [path for path in sorted(home.glob("[!.]*")) if path.is_file() and is_log(path)]


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")


def _readable(path: Path, limits: LimitSettings) -> tuple[Callable[[], Iterator[bytes]], bool]:
    """Return how to read a log's lines as far as they go, and whether that is to its end."""

    def whole() -> Iterator[bytes]:
        return (entry.text for entry in entries(path, limits) if entry.whole)

    try:
        every = all(entry.whole for entry in entries(path, limits))
    except (UnfinishedFileError, DamagedFileError):
        every = False
    if every:
        return whole, True
    return lambda: _salvaged(path, limits), False


def _salvaged(path: Path, limits: LimitSettings) -> Iterator[bytes]:
    """Yield the lines of a damaged log up to where it is damaged; one that is no gzip is read as it is."""
    with path.open("rb") as handle:
        zipped = handle.read(2) == b"\x1f\x8b"
    array = as_lines(path.name) != path.name
    left = int(limits.unpacked_mb * 1e6)
    rest = b""
    for block in _unzipped(path) if zipped else _blocks(path):
        left -= len(block)
        text = rest + block
        if array:  # its elements, as far as they can be told apart
            text = text.replace(b"},", b"}\n")
        *lines, rest = text.split(b"\n")
        yield from (line for line in lines if line.strip() and len(line) <= limits.line_bytes)
        if left < 0:
            return
        if len(rest) > limits.line_bytes:
            rest = rest[: limits.line_bytes] + b"\0"  # too long to be a line; its end is waited for
    if not zipped and rest.strip():
        yield rest


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            yield block


def _unzipped(path: Path) -> Iterator[bytes]:
    """Yield what a gzip unpacks to, member after member, until it cannot be read."""
    unpack = zlib.decompressobj(wbits=31)
    for packed in _blocks(path):
        data = packed
        while data:
            before = unpack.copy()
            try:
                block = unpack.decompress(data, 1 << 20)
            except zlib.error:
                yield from _bytewise(before, data)
                return
            yield block
            if unpack.eof:
                data, unpack = unpack.unused_data, zlib.decompressobj(wbits=31)
            else:
                data = unpack.unconsumed_tail


def _bytewise(unpack: Any, packed: bytes) -> Iterator[bytes]:
    """Yield what can be unpacked before the byte that is wrong."""
    for at in range(len(packed)):
        try:
            yield unpack.decompress(packed[at : at + 1])
        except zlib.error:
            return
