"""DuckDB connections, all opened in one way: UTC, no extension downloads, errors in Playbill's words."""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseBusyError, WarehouseError

GLOB_CHARACTER = re.compile(r"[*?\[]")

Connection = duckdb.DuckDBPyConnection

STORAGE = "v1.2.0"
"""The oldest DuckDB that reads the files: people's clients are older than the library here."""
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": STORAGE,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def quoted(text: str | Path) -> str:
    """Return ``text`` as an SQL string literal, for the statements that take no bound values (COPY, ATTACH)."""
    return "'" + str(text).replace("'", "''") + "'"


def parquet_files(paths: Sequence[Path], *, options: str = "") -> str:
    """Return the table function that reads these files, whatever characters their folders' names hold.

    DuckDB takes ``[``, ``*`` and ``?`` for patterns, and a folder called ``year=2020`` for a column.
    """
    files = ", ".join(quoted(GLOB_CHARACTER.sub(r"[\g<0>]", str(path))) for path in paths)
    return f"read_parquet([{files}], hive_partitioning = false{options})"


@contextmanager
def new_database(
    path: Path, *, contents: Callable[[Connection], object] | None = None, rows_together: int | None = None
) -> Iterator[Connection]:
    """Make a database file whose block ends well only if every row of it is on disk and can be read again.

    Closing a database writes what is still in its log, and is silent when that fails (a full disk): the file would be
    there, without its last tables. So the log is written explicitly, and then the file is opened and read through.

    Parameters
    ----------
    contents : callable, optional
        What is compared, from the connection that wrote and from one that reads; by default every value. Who changes a
        few rows of a file that was compared before may look at those.
    rows_together : int, optional
        As in `connect`.

    Raises
    ------
    WarehouseError
        If it cannot be written or read again.
    """
    with connect(path, rows_together=rows_together) as con:
        yield con
        con.execute("CHECKPOINT")
        expected = (contents or all_values)(con)
    if path.with_name(f"{path.name}.wal").exists():
        raise WarehouseError(f"{path} could not be written whole; is the disk full? See `df {path.parent}`")
    with connect(path, read_only=True) as con:
        if (contents or all_values)(con) != expected:
            raise WarehouseError(f"{path} is not what was written into it; is the disk sound?")


def all_values(con: Connection) -> dict[str, tuple[int, int | None]]:
    """Return each table's rows and a number made of all its values, so that every block is read."""
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL").fetchall()
    query = 'SELECT count(*), bit_xor(hash(t)) FROM "{}" t'
    return {name: con.execute(query.format(name)).fetchall()[0] for (name,) in tables}


@contextmanager
def connect(
    path: Path | None = None, *, read_only: bool = False, threads: int | None = None, rows_together: int | None = None
) -> Iterator[Connection]:
    """Open a database file, or one in memory, and close it at the end of the block.

    Parameters
    ----------
    rows_together : int, optional
        Rows of a table that are compressed, and later written again, together, a power of two from 2,048 up; by default
        DuckDB's 122,880, which is too many where a row is a list of hundreds.

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
        # resolved: DuckDB knows open files by name, and a link's name stays when what it points to is another
        file = str(path.resolve()) if path and rows_together is None else ":memory:"
        con = duckdb.connect(file, read_only=read_only, config=config)
        if path and rows_together is not None:  # which only ATTACH can say
            options = f"ROW_GROUP_SIZE {rows_together}, STORAGE_VERSION {quoted(STORAGE)}"
            con.execute(f"ATTACH {quoted(path.resolve())} AS attached ({options})")
            con.execute("USE attached")
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise WarehouseBusyError(f"{path} is being written by another process; try again when it ends") from error
        raise WarehouseError(f"{path} cannot be opened: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be opened: {_first_line(error)}") from error
    with _in_our_words(con, str(path or "DuckDB")):
        con.execute("SET TimeZone = 'UTC'")
        with suppress(duckdb.InvalidInputException):  # in a notebook without ipywidgets, where there is no bar to stop
            con.execute("SET enable_progress_bar = false")
        yield con


@contextmanager
def scratch() -> Iterator[Connection]:
    """Give an empty database in memory for a few small statements, and drop it at the end of the block.

    Starting an engine takes DuckDB about 30 ms, longer than such statements, so the process has one for all of them.
    Who changes the engine's own settings (memory, threads, access to files) or attaches files opens one with `connect`.

    Raises
    ------
    WarehouseError
        If DuckDB fails inside the block.
    """
    name = f"scratch_{next(_numbers)}"
    with _in_our_words(_engine(os.getpid()).cursor(), "DuckDB") as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"ATTACH ':memory:' AS {name}")
        con.execute(f"USE {name}")
        try:
            yield con
        finally:
            with suppress(duckdb.Error):  # an interrupted statement that has not let go yet
                con.execute("USE memory")
                con.execute(f"DETACH {name}")


_numbers = count()


@cache
def _engine(process: int) -> Connection:
    """Return this process's engine; a fork makes its own, as threads are not forked."""
    con = duckdb.connect(":memory:", config=CONFIG)
    with suppress(duckdb.InvalidInputException):
        con.execute("SET enable_progress_bar = false")
    atexit.register(con.close)
    return con


@contextmanager
def _in_our_words(con: Connection, what: str) -> Iterator[Connection]:
    """Close a connection at the end of the block, and tell what fails in it in Playbill's words."""
    try:
        yield con
    except duckdb.Error as error:
        con.close()
        raise WarehouseError(f"{what}: {_first_line(error)}") from error
    except KeyboardInterrupt:
        # a query that has not let go yet ends with the process, and must not hide that it was interrupted
        with suppress(duckdb.ResourceInUseException):
            con.close()
        raise
    except BaseException:
        con.close()
        raise
    con.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
