"""Text files of one record a line into Parquet, each bad line kept aside with its number and reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.db import Connection, connect, parquet_files, quoted
from warehouse.errors import SourceFormatError
from warehouse.files import replacing
from warehouse.quarantine import OTHER_REASON, REASONS

NO_SUCH_CHARACTER = "\x01"
"""Makes DuckDB's CSV reader return whole lines."""


MEMORY_LIMIT = "2GB"
"""What DuckDB may hold before it spills to disk; a run as a whole stays under 4 GB."""


@dataclass(frozen=True)
class Field:
    """One field of a line: its name, DuckDB type, and optionally the range its value must lie in.

    ``too_high`` says what a value above the range is, where that is plainer than the range.
    """

    name: str
    type: str
    low: float | None = None
    high: float | None = None
    optional: bool = False
    too_high: str = ""


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
    source: Path,
    target: Path,
    quarantine: Path,
    *,
    label: str,
    delimiter: str,
    fields: tuple[Field, ...],
    skip: int,
    line_bytes: int = 1 << 20,
    kept: int = 100_000,
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
    line_bytes : int
        Longest line.
    kept : int
        Bad lines that are written aside; further ones are counted.

    Raises
    ------
    SourceFormatError
        If a line is longer.
    """
    with connect() as con, replacing(target) as temporary:
        con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        con.execute(f"SET temp_directory = {quoted(target.parent)}")
        con.execute("SET preserve_insertion_order = true")
        rows = _copy_clean(con, source, temporary, delimiter, fields, skip)
        if rows is not None:
            return Landed(rows, 0, {})
        con.execute(f"CREATE TEMP VIEW parsed AS {_parsed(source, delimiter, fields, skip, line_bytes)}")
        names = ", ".join(f'"{field.name}"' for field in fields)
        try:
            con.execute(
                f"COPY (SELECT {names} FROM parsed WHERE reason IS NULL) TO {quoted(temporary)} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
        except duckdb.InvalidInputException as error:
            if "line size" not in str(error):
                raise
            raise SourceFormatError(
                f"{label}: a line is longer than {line_bytes:,} bytes (PLAYBILL_LIMITS__LINE_BYTES)"
            ) from None
        rows = con.execute(f"SELECT count(*) FROM {parquet_files([temporary])}").fetchall()[0][0]
        return _with_bad_lines(con, int(rows), quarantine, label, kept)


def _with_bad_lines(con: Connection, rows: int, quarantine: Path, label: str, kept: int) -> Landed:
    """Write the first bad lines aside and count all of them by reason."""
    counts = con.execute(
        "SELECT reason, count(*) FROM parsed WHERE reason IS NOT NULL GROUP BY reason ORDER BY 2 DESC, 1"
    ).fetchall()
    if not counts:
        return Landed(rows, 0, {})
    with replacing(quarantine) as temporary:
        con.execute(
            f"COPY (SELECT {quoted(label)} AS file, line_number AS line, reason, line[:500] AS text FROM parsed "
            f"WHERE reason IS NOT NULL ORDER BY line_number LIMIT {kept}) TO {quoted(temporary)} "
            "(FORMAT csv, HEADER true, FORCE_QUOTE (file, reason, text))"
        )
    line, why, text = con.execute(
        "SELECT line_number, reason, line[:80] FROM parsed WHERE reason IS NOT NULL ORDER BY line_number LIMIT 1"
    ).fetchall()[0]
    reasons = {str(reason): int(count) for reason, count in counts[:REASONS]}
    reasons |= {OTHER_REASON: rest} if (rest := sum(int(count) for _, count in counts[REASONS:])) else {}
    return Landed(rows, sum(int(count) for _, count in counts), reasons, f'line {line}: {why}: "{text}"')


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


def _parsed(source: Path, delimiter: str, fields: tuple[Field, ...], skip: int, line_bytes: int) -> str:
    """Return the query of every line, its typed fields, and the reason why it is bad, if it is."""
    parts = ", ".join(_typed(index, field) for index, field in enumerate(fields, start=1))
    return f"""
        SELECT *, {_reason(fields)} AS reason FROM (
            SELECT line_number, line, len(parts) AS n_parts, {parts} FROM (
                SELECT line_number, line, string_split(line, {quoted(delimiter)}) AS parts FROM (
                    SELECT row_number() OVER () + {skip} AS line_number, rtrim(line, chr(13)) AS line
                    FROM read_csv({quoted(source)}, header = false, columns = {{'line': 'VARCHAR'}},
                        delim = '{NO_SUCH_CHARACTER}', quote = '', escape = '', auto_detect = false, skip = {skip},
                        encoding = 'latin-1', max_line_size = {line_bytes}, strict_mode = false))
                WHERE line <> ''))"""


def write_rows(table: pa.Table, target: Path) -> int:
    """Write rows that are already parsed to Parquet and return how many."""
    with replacing(target) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return int(table.num_rows)


def _typed(index: int, field: Field) -> str:
    return f'TRY_CAST(trim(parts[{index}]) AS {field.type}) AS "{field.name}"'


def _reason(fields: tuple[Field, ...]) -> str:
    cases = [f"WHEN n_parts <> {len(fields)} THEN 'expected {len(fields)} fields, found ' || n_parts"]
    for field in fields:
        kind = "a whole number" if "INT" in field.type else "a number"
        if not field.optional:
            cases.append(f"WHEN \"{field.name}\" IS NULL THEN '{field.name} is not {kind}'")
        if field.low is not None and field.high is not None:
            if field.too_high:
                cases.append(f"WHEN \"{field.name}\" > {field.high} THEN '{field.name} {field.too_high}'")
            inside = f'"{field.name}" BETWEEN {field.low} AND {field.high}'
            cases.append(f"WHEN NOT ({inside}) THEN '{field.name} is outside {field.low:g}-{field.high:g}'")
    return "CASE " + " ".join(cases) + " END"
