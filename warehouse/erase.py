"""Taking a person out of files: each that knows them is written again without them, one at a time, whole.

Every function looks only, or also erases, and tells the same of both: so a dry run says what forgetting would do.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.db import connect, new_database, parquet_files, quoted, scratch
from warehouse.files import replacing
from warehouse.folder import DataFolder
from warehouse.sums import rewriting

LONGEST_CELL = 1 << 26


@dataclass(frozen=True)
class Erased:
    """Rows of a person, the files that held them, and what else is to be said."""

    rows: int
    files: int
    note: str = ""


def erase_rows(files: list[Path], condition: str, values: list[str | int], *, erase: bool) -> Erased:
    """Write again, without the rows that meet a condition, each Parquet file that has any.

    Parameters
    ----------
    condition : str
        SQL with ``?`` for the values, such as ``user_id = ?``; a row for which it is unknown stays.
    """
    rows = touched = 0
    with scratch() as con:
        for path in files:
            count = con.execute(f"SELECT count(*) FROM {parquet_files([path])} WHERE {condition}", values)
            hit = int(count.fetchall()[0][0])
            if not hit:
                continue
            rows, touched = rows + hit, touched + 1
            if not erase:
                continue
            with rewriting(path) as temporary:
                con.execute(
                    f"COPY (SELECT * FROM {parquet_files([path])} WHERE ({condition}) IS NOT TRUE) "
                    f"TO {quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)",
                    values,
                )
    return Erased(rows, touched)


def batch_files(folder: DataFolder, source: str, names: tuple[str, ...]) -> list[Path]:
    """Return the files of those names in every landed batch of a source."""
    return sorted(path for name in names for path in folder.batches(source).glob(f"*/{name}.parquet"))


def erase_from_csv(files: list[Path], theirs: Callable[[str], bool], *, erase: bool) -> Erased:
    """Write quarantined rows again without those whose text is the person's."""
    rows = touched = 0
    for path in files:
        hit = sum(theirs(row[-1]) for row in list(_csv_rows(path))[1:])
        rows, touched = rows + hit, touched + bool(hit)
        if hit and erase:
            header, *others = _csv_rows(path)
            with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as sink:
                kept = (row for row in others if not theirs(row[-1]))
                csv.writer(sink, quoting=csv.QUOTE_ALL).writerows([header, *kept])
    return Erased(rows, touched)


def _csv_rows(path: Path) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    with path.open(encoding="utf-8", errors="replace", newline="") as handle:
        yield from (row for row in csv.reader(handle) if row)


def erase_from_datasets(folder: DataFolder, user_id: str, *, erase: bool) -> Erased:
    """Take a person out of the data sets that were built."""
    path = folder.dataset("interactions")
    return erase_rows([path] if path.exists() else [], "user_id = ?", [user_id], erase=erase)


def erase_from_warehouse(folder: DataFolder, user_id: str, *, erase: bool) -> Erased:
    """Take a person out of the warehouse that was built.

    A row that DuckDB deletes stays in the file's blocks, so what is left is written into a file of its own.
    """
    path = folder.warehouse_file
    if not path.exists():
        return Erased(0, 0)
    with connect(path, read_only=True) as con:
        counts = _rows_by_table(con.execute, user_id)
    if counts and erase:
        scratch = path.with_name(f".{path.name}.erase.tmp")
        scratch.unlink(missing_ok=True)
        try:
            shutil.copyfile(path, scratch)
            with connect(scratch) as con:
                for table in counts:
                    con.execute(f'DELETE FROM "{table}" WHERE user_id = ?', [user_id])
            with rewriting(path) as temporary, new_database(temporary) as con:
                con.execute(f"ATTACH {quoted(scratch)} AS erased (READ_ONLY)")
                target = con.execute("SELECT current_database()").fetchall()[0][0]
                con.execute(f'COPY FROM DATABASE erased TO "{target}"')
                con.execute("DETACH erased")
        finally:
            scratch.unlink(missing_ok=True)
            scratch.with_name(f"{scratch.name}.wal").unlink(missing_ok=True)
    return Erased(sum(counts.values()), len(counts))


def rows_in_release(database: Path, user_id: str) -> int:
    """Return how many rows of a published release are of a person."""
    with connect(database, read_only=True) as con:
        return sum(_rows_by_table(con.execute, user_id).values())


def _rows_by_table(execute: Callable[..., Any], user_id: str) -> dict[str, int]:
    tables = execute(
        "SELECT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_name) "
        "WHERE column_name = 'user_id' ORDER BY ALL"
    ).fetchall()
    query = 'SELECT count(*) FROM "{}" WHERE user_id = ?'
    counts = {table: int(execute(query.format(table), [user_id]).fetchall()[0][0]) for (table,) in tables}
    return {table: rows for table, rows in counts.items() if rows}
