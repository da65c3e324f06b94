"""A numbered series of small Parquet files, each with its checksum in its name: what ledgers are made of.

``000000012-3f9c2a71.parquet``: the number tells the order, whatever the clock said; the eight hex digits are the first
of the file's SHA-256, so that a file which is not what was written is noticed wherever the series is read.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.db import parquet_files
from warehouse.files import PRIVATE_FILE, make_folder, sha256_of, sync_file, sync_folder

log = logging.getLogger(__name__)

NAME = re.compile(r"^(\d{9})-([0-9a-f]{8})\.parquet$")


@dataclass(frozen=True)
class Part:
    """One file of a series: its place, 0 where its name tells none."""

    number: int
    path: Path
    sound: bool


def read_parts(home: Path) -> list[Part]:
    """Return a series's files, oldest first, and whether each is what was written."""
    parts = []
    for path in home.glob("*.parquet"):
        match = NAME.match(path.name)
        sound = match is not None and _digest(path) == match.group(2)
        parts.append(Part(int(match.group(1)) if match else 0, path, sound))
    return sorted(parts, key=lambda part: (part.number, part.path.name))


def sound_files(home: Path) -> list[Path]:
    """Return a series's files, oldest first; a damaged one is passed over with a warning that names it."""
    parts = read_parts(home)
    for part in parts:
        if not part.sound:
            log.warning("a damaged file is passed over: %s", part.path)
    return [part.path for part in parts if part.sound]


def rows_of(files: list[Path]) -> str:
    """Return the table function of these files' rows, each with its file's ``part`` (a number) and ``place`` in it."""
    source = parquet_files(files, options=", union_by_name = true, filename = true, file_row_number = true")
    return (
        "(SELECT * EXCLUDE (filename, file_row_number), left(parse_filename(filename), 9)::INTEGER AS part, "
        f"file_row_number AS place FROM {source})"
    )


def add_part(home: Path, table: pa.Table) -> Path:
    """Write the next file of a series, whole or not at all."""
    make_folder(home)
    temporary = home / f".part.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        pq.write_table(table, temporary, compression="zstd")
        temporary.chmod(PRIVATE_FILE)
        sync_file(temporary)
        number = max((part.number for part in read_parts(home)), default=0) + 1
        path = home / f"{number:09d}-{_digest(temporary)}.parquet"
        temporary.rename(path)
        sync_folder(home)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def set_aside(home: Path, target: Path) -> list[Path]:
    """Move a series's damaged files to another folder, and return them under their new names."""
    moved = []
    for part in read_parts(home):
        if not part.sound:
            make_folder(target)
            moved.append(part.path.rename(target / part.path.name))
            log.warning("a damaged file was set aside: %s", moved[-1])
    return moved


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)[:8]
    except OSError:
        return ""
