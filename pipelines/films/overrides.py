"""The hand-kept list of which TMDB film a MovieLens film is: ``lake/tmdb_overrides.csv``, made and edited by people.

Its columns are ``id_space`` (``movielens``, or ``ml-100k``), ``movielens_id`` and ``tmdb_id``; an empty ``tmdb_id``
keeps the film out. Further columns are notes. What it says wins over every other way of matching.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa

from warehouse.errors import SourceFormatError
from warehouse.folder import DataFolder

COLUMNS = ("id_space", "movielens_id", "tmdb_id")
SCHEMA = pa.schema([("id_space", pa.string()), ("movielens_id", pa.int32()), ("movie_id", pa.int32())])
INT32_MAX = 2**31 - 1


def overrides_file(folder: DataFolder) -> Path:
    """Return where the list is kept."""
    return folder.lake / "tmdb_overrides.csv"


def read_overrides(folder: DataFolder) -> pa.Table:
    """Read the list, empty where there is none.

    Returns
    -------
    table : id_space, movielens_id, movie_id

    Raises
    ------
    SourceFormatError
        If a line cannot be used: a hand-kept list is mended by hand, never guessed at.
    """
    path = overrides_file(folder)
    if not path.exists():
        return SCHEMA.empty_table()
    rows: dict[tuple[str, int], int | None] = {}
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        if not set(COLUMNS) <= set(reader.fieldnames or ()):
            raise SourceFormatError(f"{path}: the first line must name the columns {', '.join(COLUMNS)}")
        for row in reader:
            space, key, value = ((row[name] or "").strip() for name in COLUMNS)
            if not space or not _whole(key) or (value and not _whole(value)):
                raise SourceFormatError(
                    f"{path}: line {reader.line_num}: expected an id_space, a MovieLens id and a TMDB id or nothing, "
                    f"found {space!r}, {key!r}, {value!r}"
                )
            if rows.setdefault((space, int(key)), int(value) if value else None) != (int(value) if value else None):
                raise SourceFormatError(
                    f"{path}: line {reader.line_num}: {space} {key} stands there twice, differently"
                )
    columns = ([space for space, _ in rows], [film for _, film in rows], list(rows.values()))
    return pa.table([pa.array(c, type=f.type) for c, f in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < len(text) <= 10 and 0 < int(text) <= INT32_MAX
