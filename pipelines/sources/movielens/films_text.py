"""MovieLens's files of films and tags: titles with commas and quotes, years in brackets, genres in one field."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sources.movielens.layouts import HEADERS, ML100K, ML100K_GENRES, Layout
from warehouse.errors import SourceFormatError
from warehouse.files import BLOCK_BYTES, replacing
from warehouse.quarantine import Quarantine

YEAR = re.compile(r"\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*(?:\((?:V|TV|VG)\)\s*)?$")
"""The year at the end; (V) behind it marks a film made for video."""
ARTICLE = re.compile(
    r"^(.*), (The|A|An|Le|La|Les|L'|Il|Lo|Gli|El|Das|Der|Die|Den|Det|Los|Las|Un|Une|Una|Uno|O|Os)((?: \(.*\))?)$"
)

ROWS_AT_ONCE = 100_000
INT32_MAX = 2**31 - 1
MOST_FILMS = 2_000_000
"""More films than there are: TMDB counts a million."""

Row = tuple[object, ...]

FILM_SCHEMA = pa.schema(
    [
        ("movielens_id", pa.int32()),
        ("title", pa.string()),
        ("year", pa.int16()),
        ("genres", pa.list_(pa.string())),
    ]
)
TAG_SCHEMA = pa.schema(
    [("user_id", pa.int64()), ("movielens_id", pa.int32()), ("tag", pa.string()), ("timestamp", pa.int64())]
)


def split_title(raw: str) -> tuple[str, int | None]:
    """Split MovieLens's title into a title and a year, the article put in front.

    >>> split_title("Godfather, The (1972)")
    ('The Godfather', 1972)
    >>> split_title("Nothing known")
    ('Nothing known', None)
    """
    found = YEAR.search(raw)
    year = int(found.group(1)) if found else None
    title = (raw[: found.start()] if found else raw).strip()
    moved = ARTICLE.match(title)
    if moved:
        space = "" if moved.group(2).endswith("'") else " "
        title = f"{moved.group(2)}{space}{moved.group(1)}{moved.group(3)}"
    return title, year


def read_films(path: Path, layout: Layout, aside: Quarantine, *, line_bytes: int) -> pa.Table:
    """Read the films of a set, FILM_SCHEMA, in file order.

    Parameters
    ----------
    aside : Quarantine
        Takes the rows left out: a wrong number of fields, an id that is no number, an id seen before, no title.
    line_bytes : int
        Longest line.

    Raises
    ------
    SourceFormatError
        If it is no CSV, a line is too long, or there are more films than there can be.
    """
    films: dict[int, tuple[str, int | None, list[str]]] = {}
    for line, fields, text in _records(path, layout, layout.movies, line_bytes):
        reason = _film_problem(fields, layout, films)
        if reason:
            aside.add(layout.movies, line, reason, text)
            continue
        title, year = split_title(fields[1])
        films[int(fields[0])] = (title, year, _genres(fields, layout))
        if len(films) > MOST_FILMS:
            raise SourceFormatError(f"{layout.movies} holds more than {MOST_FILMS:,} films; no set does")
    rows: list[Row] = [(movie, *facts) for movie, facts in films.items()]
    return _table(rows, FILM_SCHEMA)


def land_tags(path: Path, target: Path, layout: Layout, name: str, aside: Quarantine, *, line_bytes: int) -> int:
    """Write people's tags (TAG_SCHEMA, in file order) to Parquet and return how many; rows left out go aside."""
    rows: list[Row] = []
    landed = 0
    with replacing(target) as temporary, pq.ParquetWriter(temporary, TAG_SCHEMA, compression="zstd") as writer:
        for line, fields, text in _records(path, layout, name, line_bytes):
            if len(fields) != 4 or not all(
                fields[index].isdecimal() and len(fields[index]) < 16 for index in (0, 1, 3)
            ):
                aside.add(name, line, "expected userId, movieId, tag, timestamp", text)
            elif int(fields[1]) > INT32_MAX:
                aside.add(name, line, "movieId is too large", text)
            elif fields[2].strip():
                rows.append((int(fields[0]), int(fields[1]), fields[2].strip(), int(fields[3])))
            if len(rows) == ROWS_AT_ONCE:
                writer.write_table(_table(rows, TAG_SCHEMA))
                landed, rows = landed + len(rows), []
        writer.write_table(_table(rows, TAG_SCHEMA))
    return landed + len(rows)


def check_header(path: Path, name: str) -> None:
    """Compare a CSV file's first line with what MovieLens writes there.

    Raises
    ------
    SourceFormatError
        If it differs; the message shows both.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as handle:
        found = handle.readline(1000).strip()
    if found != HEADERS[name]:
        raise SourceFormatError(f'{name}: line 1: the header is "{found[:120]}", expected "{HEADERS[name]}"')


def _records(path: Path, layout: Layout, name: str, line_bytes: int) -> Iterator[tuple[int, list[str], str]]:
    """Yield (line number, fields, text) of each record, header and blank lines left out."""
    with path.open(encoding=_encoding(path, layout), errors="replace", newline="") as handle:
        if not layout.header:
            delimiter = "|" if layout is ML100K else layout.delimiter
            for number, line in enumerate(_lines(handle, name, line_bytes), start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n").split(delimiter), line.rstrip("\r\n")
            return
        check_header(path, name)
        reader = csv.reader(_lines(handle, name, line_bytes), strict=True)
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise SourceFormatError(f"{name}: line {reader.line_num}: {error}; download the set again") from error
            if reader.line_num > 1 and fields:
                yield reader.line_num, fields, layout.delimiter.join(fields)


def _lines(handle: IO[str], name: str, line_bytes: int) -> Iterator[str]:
    number = 0
    while line := handle.readline(line_bytes + 1):
        number += 1
        if len(line) > line_bytes:
            raise SourceFormatError(
                f"{name}: line {number} is longer than {line_bytes:,} bytes (PLAYBILL_LIMITS__LINE_BYTES)"
            )
        yield line


def _encoding(path: Path, layout: Layout) -> str:
    """Return the file's encoding: UTF-8 where all of it is, as MovieLens 1M's is not though 10M's is."""
    if layout.encoding != "utf-8":
        return layout.encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        try:
            while block := handle.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "utf-8-sig" if layout.header else "iso-8859-1"
    return "utf-8-sig"


def _film_problem(fields: list[str], layout: Layout, known: dict[int, tuple[str, int | None, list[str]]]) -> str:
    wanted = 5 + len(ML100K_GENRES) if layout is ML100K else 3
    if len(fields) != wanted:
        return f"expected {wanted} fields, found {len(fields)}"
    if not fields[0].isdecimal() or len(fields[0]) > 10 or int(fields[0]) > INT32_MAX:
        return "movieId is not a whole number"
    if int(fields[0]) in known:
        return "movieId stands in the file twice"
    return "" if fields[1].strip() else "title is empty"


def _genres(fields: list[str], layout: Layout) -> list[str]:
    if layout is ML100K:
        flags = fields[5:]
        return [name for name, flag in zip(ML100K_GENRES, flags, strict=True) if flag == "1" and name != "unknown"]
    return [name for name in fields[2].strip().split("|") if name and name != "(no genres listed)"]


def _table(rows: list[Row], schema: pa.Schema) -> pa.Table:
    columns = [[row[index] for row in rows] for index in range(len(schema))]
    return pa.table([pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
