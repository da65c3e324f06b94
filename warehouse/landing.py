"""Text files of one record a line into Parquet, each bad line kept aside with its number and reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from warehouse.db import Connection, connect, parquet_files, quoted
from warehouse.files import replacing

NO_SUCH_CHARACTER = "\x01"
"""Makes DuckDB's CSV reader return whole lines."""


MEMORY_LIMIT = "2GB"
"""What DuckDB may hold before it spills to disk; a run as a whole stays under 4 GB."""

BAD_ROWS = pa.schema([("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())])


@dataclass(frozen=True)
class Field:
    """One field of a line: its name, DuckDB type, and optionally the range its value must lie in."""

    name: str
    type: str
    low: float | None = None
    high: float | None = None
    optional: bool = False


@dataclass(frozen=True)
class Landed:
    """What came of a file.

    Attributes
    ----------
    rows : int
        Good rows written.
    bad_rows : int
        Rows kept aside.
    reasons : dict of str to int
        Bad rows by reason.
    first_bad : str
        ``line 7: rating is not a number: "x"``, empty when none is bad.
    """

    rows: int
    bad_rows: int
    reasons: dict[str, int]
    first_bad: str = ""

    @property
    def bad_share(self) -> float:
        """Bad rows over all rows, 0 to 1."""
        return self.bad_rows / max(1, self.rows + self.bad_rows)


def land_lines(
    source: Path, target: Path, quarantine: Path, *, label: str, delimiter: str, fields: tuple[Field, ...], skip: int
) -> Landed:
    """Read a delimited text file without quotes into Parquet, in file order.

    Bad lines go to ``quarantine`` (CSV: file, line, reason, text); blank lines are passed over. Lines are streamed,
    so memory does not grow with the file.

    Parameters
    ----------
    label : str
        The file's name as the reader of a message knows it.
    skip : int
        Header lines before the first record.
    """
    with connect() as con, replacing(target) as temporary:
        con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        con.execute(f"SET temp_directory = {quoted(target.parent)}")
        con.execute("SET preserve_insertion_order = true")
        rows = _copy_clean(con, source, temporary, delimiter, fields, skip)
        if rows is not None:
            return Landed(rows, 0, {})
        con.execute(f"CREATE TEMP VIEW parsed AS {_parsed(source, delimiter, fields, skip)}")
        names = ", ".join(f'"{field.name}"' for field in fields)
        con.execute(
            f"COPY (SELECT {names} FROM parsed WHERE reason IS NULL) TO {quoted(temporary)} "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        rows = con.execute(f"SELECT count(*) FROM {parquet_files([temporary])}").fetchall()[0][0]
        bad = con.sql(
            f"SELECT {quoted(label)} AS file, line_number AS line, reason, line[:2000] AS text "
            "FROM parsed WHERE reason IS NOT NULL ORDER BY line_number"
        ).to_arrow_table()
        return _landed(int(rows), bad, quarantine)


def _copy_clean(
    con: Connection, source: Path, target: Path, delimiter: str, fields: tuple[Field, ...], skip: int
) -> int | None:
    """Copy a file in which every line is good, many times faster; return its rows, or None if a line is not."""
    columns = ", ".join(f"'{field.name}': '{field.type}'" for field in fields)
    problems = " OR ".join(
        test
        for field in fields
        for test in (
            "" if field.optional else f'"{field.name}" IS NULL',
            "" if field.low is None else f'"{field.name}" NOT BETWEEN {field.low} AND {field.high}',
        )
        if test
    )
    try:
        con.execute(
            f"""COPY (SELECT * FROM read_csv({quoted(source)}, header = false, columns = {{{columns}}},
                delim = {quoted(delimiter)}, quote = '', escape = '', auto_detect = false, skip = {skip},
                null_padding = false, strict_mode = true)) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)"""
        )
        found = con.execute(
            f"SELECT count(*), count(*) FILTER ({problems or 'false'}) FROM {parquet_files([target])}"
        ).fetchall()[0]
    except duckdb.Error:
        return None  # the line-by-line reading tells which line it is
    return None if found[1] else int(found[0])


def _parsed(source: Path, delimiter: str, fields: tuple[Field, ...], skip: int) -> str:
    """Return the query of every line, its typed fields, and the reason why it is bad, if it is."""
    parts = ", ".join(_typed(index, field) for index, field in enumerate(fields, start=1))
    return f"""
        SELECT *, {_reason(fields)} AS reason FROM (
            SELECT line_number, line, len(parts) AS n_parts, {parts} FROM (
                SELECT line_number, line, string_split(line, {quoted(delimiter)}) AS parts FROM (
                    SELECT row_number() OVER () + {skip} AS line_number, rtrim(line, chr(13)) AS line
                    FROM read_csv({quoted(source)}, header = false, columns = {{'line': 'VARCHAR'}},
                        delim = '{NO_SUCH_CHARACTER}', quote = '', escape = '', auto_detect = false, skip = {skip},
                        encoding = 'latin-1', max_line_size = 16777216, strict_mode = false))
                WHERE line <> ''))"""


def land_table(table: pa.Table, target: Path, bad: list[tuple[str, int, str, str]], quarantine: Path) -> Landed:
    """Write rows that are already parsed to Parquet, and ``bad`` (file, line, reason, text) aside."""
    with replacing(target) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return _landed(table.num_rows, _bad_table(bad), quarantine)


def keep_aside(bad: list[tuple[str, int, str, str]], quarantine: Path) -> Landed:
    """Write bad rows (file, line, reason, text) to the quarantine and count them by reason."""
    return _landed(0, _bad_table(bad), quarantine)


def _bad_table(bad: list[tuple[str, int, str, str]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(BAD_ROWS.names, row, strict=True)) for row in bad], schema=BAD_ROWS)


def _landed(rows: int, bad: pa.Table, quarantine: Path) -> Landed:
    if bad.num_rows == 0:
        return Landed(rows, 0, {})
    with replacing(quarantine) as temporary:
        pv.write_csv(bad, temporary)
    counts = bad.group_by("reason").aggregate([("line", "count")]).sort_by([("line_count", "descending")])
    reasons = dict(zip(counts["reason"].to_pylist(), counts["line_count"].to_pylist(), strict=True))
    first = bad.slice(0, 1).to_pylist()[0]
    return Landed(rows, bad.num_rows, reasons, f'line {first["line"]}: {first["reason"]}: "{first["text"][:80]}"')


def _typed(index: int, field: Field) -> str:
    return f'TRY_CAST(trim(parts[{index}]) AS {field.type}) AS "{field.name}"'


def _reason(fields: tuple[Field, ...]) -> str:
    cases = [f"WHEN n_parts <> {len(fields)} THEN 'expected {len(fields)} fields, found ' || n_parts"]
    for field in fields:
        kind = "a whole number" if "INT" in field.type else "a number"
        if not field.optional:
            cases.append(f"WHEN \"{field.name}\" IS NULL THEN '{field.name} is not {kind}'")
        if field.low is not None and field.high is not None:
            inside = f'"{field.name}" BETWEEN {field.low} AND {field.high}'
            cases.append(f"WHEN NOT ({inside}) THEN '{field.name} is outside {field.low:g}-{field.high:g}'")
    return "CASE " + " ".join(cases) + " END"
