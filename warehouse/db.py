"""DuckDB connections, all opened in one way: UTC, no extension downloads, errors in Playbill's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseBusyError, WarehouseError

Connection = duckdb.DuckDBPyConnection

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def quoted(text: str | Path) -> str:
    """Return ``text`` as an SQL string literal, for the statements that take no bound values (COPY, ATTACH)."""
    return "'" + str(text).replace("'", "''") + "'"


@contextmanager
def connect(path: Path | None = None, *, read_only: bool = False, threads: int | None = None) -> Iterator[Connection]:
    """Open a database file, or one in memory, and close it at the end of the block.

    Raises
    ------
    WarehouseBusyError
        If another process is writing the file.
    WarehouseError
        If the file cannot be opened or DuckDB fails inside the block.
    """
    config = {**CONFIG, **({"threads": threads} if threads else {})}
    if path is not None and read_only and not path.exists():
        raise WarehouseError(f"{path} does not exist; run `playbill run` first")
    try:
        con = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=config)
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise WarehouseBusyError(f"{path} is being written by another process; try again when it ends") from error
        raise WarehouseError(f"{path} cannot be opened: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be opened: {_first_line(error)}") from error
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET enable_progress_bar = false")
        yield con
    except duckdb.Error as error:
        raise WarehouseError(f"{path or 'DuckDB'}: {_first_line(error)}") from error
    finally:
        con.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
