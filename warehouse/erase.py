"""Taking a person out of the lake: every file that knows them is written again without them, one at a time, whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.db import connect, parquet_files, quoted
from warehouse.folder import DataFolder
from warehouse.sums import rewriting


@dataclass(frozen=True)
class Erased:
    """Rows taken out, and the files that held them."""

    rows: int
    files: int


def erase_rows(files: list[Path], condition: str, values: list[str | int]) -> Erased:
    """Write again, without the rows that meet a condition, each Parquet file that has any.

    Parameters
    ----------
    condition : str
        SQL with ``?`` for the values, such as ``user_id = ?``; a row for which it is unknown stays.
    """
    rows = touched = 0
    with connect() as con:
        con.execute("SET preserve_insertion_order = true")
        for path in files:
            found = con.execute(f"SELECT count(*) FROM {parquet_files([path])} WHERE {condition}", values)
            hit = int(found.fetchall()[0][0])
            if not hit:
                continue
            with rewriting(path) as temporary:
                con.execute(
                    f"COPY (SELECT * FROM {parquet_files([path])} WHERE ({condition}) IS NOT TRUE) "
                    f"TO {quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)",
                    values,
                )
            rows, touched = rows + hit, touched + 1
    return Erased(rows, touched)


def batch_files(folder: DataFolder, source: str, names: tuple[str, ...]) -> list[Path]:
    """Return the files of those names in every landed batch of a source."""
    return sorted(path for name in names for path in folder.batches(source).glob(f"*/{name}.parquet"))


def erase_from_warehouse(folder: DataFolder, user_id: str) -> Erased:
    """Take a person out of the data sets and of the warehouse that were built before."""
    datasets = [folder.dataset(name) for name in ("interactions",) if folder.dataset(name).exists()]
    done = erase_rows(datasets, "user_id = ?", [user_id])
    if not folder.warehouse_file.exists():
        return done
    rows, tables = done.rows, done.files
    with connect(folder.warehouse_file) as con:
        named = con.execute(
            "SELECT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_name) "
            "WHERE column_name = 'user_id' ORDER BY ALL"
        ).fetchall()
        for (table,) in named:
            hit = con.execute(f'SELECT count(*) FROM "{table}" WHERE user_id = ?', [user_id]).fetchall()[0][0]
            if hit:
                con.execute(f'DELETE FROM "{table}" WHERE user_id = ?', [user_id])
                rows, tables = rows + int(hit), tables + 1
        con.execute("CHECKPOINT")
    return Erased(rows, tables)
