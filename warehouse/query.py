"""Read-only questions to releases, the warehouse and the lake, for people at a terminal.

The current release is attached as ``cur``, the one before it as ``prev``, each by its id as ``r_<id>``, with _ for -;
the tables that releases are made from are ``warehouse``, the lake's data sets and ledgers views in ``lake``. Names
without a prefix are the current release's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from warehouse.attached import attach_lake, attach_releases, attach_warehouse
from warehouse.db import Connection, connect
from warehouse.errors import ConfigError
from warehouse.folder import DataFolder
from warehouse.store import ReleaseStore

LOCKED = (
    "temp_directory = ''",
    "enable_external_access = false",
    "lock_configuration = true",
)
"""What is set before a stranger's SQL runs, the lock last. https://duckdb.org/docs/operations_manual/securing_duckdb"""
POSSIBLE = frozenset({
    "SELECT", "EXPLAIN", "PRAGMA", "MULTI", "SET", "VARIABLE_SET", "PREPARE", "EXECUTE", "RELATION", "LOGICAL_PLAN",
    "CREATE", "CREATE_FUNC", "DROP", "ALTER", "INSERT", "UPDATE", "DELETE", "MERGE_INTO", "TRANSACTION",
})  # fmt: skip
"""Statements that may be run. DETACH and ATTACH are not: DuckDB takes the path of a database that was attached for
allowed, and whoever detaches a release could attach it again for writing."""
PATIENCE_SECONDS, GRACE_SECONDS = 0.1, 1.0
"""How often a waiting thread looks for a signal, and how long an interrupted query may take to end."""
CHUNK_ROWS = 10_000
NOTHING_ASKED = 'there is no statement in it; for example: playbill sql "select * from release"'

Value = TypeVar("Value")


@dataclass(frozen=True)
class Answer:
    """Columns and rows of a query; no columns where the statement returns nothing."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Result:
    """What a statement of a script returns: columns, and rows some thousand at a time."""

    columns: list[str]
    chunks: Iterator[list[tuple[Any, ...]]]


@contextmanager
def open_releases(folder: DataFolder, release_id: str | None = None) -> Iterator[Connection]:
    """Open a connection with ``cur``, ``prev``, ``warehouse`` and ``lake`` in place, and with no way out of it.

    Everything is attached read-only; then DuckDB's access to files, extensions and the network is switched off, and
    the switch is locked. What a query makes, it makes in memory.

    Raises
    ------
    NoReleaseError, UnknownReleaseError
        If there is no release, or none of that id.
    """
    store = ReleaseStore(folder)
    release = store.get(release_id) if release_id else store.current()
    with connect() as con:
        attach_releases(con, store, release.database, release.release_id)
        attach_warehouse(con, folder)
        attach_lake(con, folder)
        for setting in LOCKED:
            con.execute(f"SET {setting}")
        con.execute("USE cur")
        yield con


def ask(con: Connection, sql: str, values: Sequence[Any] | None = None) -> Answer:
    """Run one question; Ctrl-C ends it, and the connection is good for the next.

    Raises
    ------
    ConfigError
        If DuckDB cannot run it; the message is DuckDB's own.
    """

    def fetch() -> Answer:
        answered: duckdb.DuckDBPyConnection | None = con.execute(sql, list(values or []))
        if answered is None:  # DuckDB's answer to a text without a statement, whatever its types say
            raise ConfigError(NOTHING_ASKED)
        columns = [column[0] for column in answered.description or []]
        return Answer(columns, answered.fetchall() if columns else [])

    return _interruptible(con, fetch)


def run_script(con: Connection, text: str) -> Iterator[Result]:
    """Run the statements of a text in turn and yield what each returns, those that return rows only.

    A result must be read before the next is asked for.

    Raises
    ------
    ConfigError
        If there is none, or DuckDB cannot run one; the message is DuckDB's own. Those before it have been run.
    """
    for statement in _statements(con, text):
        _interruptible(con, partial(con.execute, statement))
        columns = [str(column[0]) for column in con.description or []]
        returns = statement.expected_result_type
        # what makes or changes something says how many rows, which is no answer
        if duckdb.ExpectedResultType.QUERY_RESULT in returns and (len(returns) == 1 or columns != ["Count"]):
            yield Result(columns, _rows(con))


def run_script_arrow(con: Connection, text: str) -> Iterator[pa.Table]:
    """Do as `run_script`, results as Arrow tables, of DuckDB's own types.

    Raises
    ------
    ConfigError
        As of `run_script`.
    """
    for statement in _statements(con, text):
        table = _interruptible(con, partial(_arrow, con, statement.query))
        if table is not None:
            yield table


def _arrow(con: Connection, query: str) -> pa.Table | None:
    relation: duckdb.DuckDBPyRelation | None = con.sql(query)
    return None if relation is None else relation.to_arrow_table()


def _statements(con: Connection, text: str) -> list[duckdb.Statement]:
    statements = _interruptible(con, partial(con.extract_statements, text))
    if not statements:
        raise ConfigError(NOTHING_ASKED)
    for statement in statements:
        kind = statement.type.name
        if kind not in POSSIBLE:
            raise ConfigError(f"{kind} is not possible here, which is for questions; give a SELECT, and -o for a file")
    return statements


def _rows(con: Connection) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := _interruptible(con, partial(con.fetchmany, CHUNK_ROWS)):
        yield chunk


def _interruptible(con: Connection, work: Callable[[], Value]) -> Value:
    """Do something with DuckDB in a thread.

    Python hands a signal to its main thread, which must not be inside DuckDB then.
    """
    done: Future[Value] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(PATIENCE_SECONDS)
    except KeyboardInterrupt:
        con.interrupt()
        thread.join(GRACE_SECONDS)
        raise
    try:
        return done.result()
    except duckdb.CatalogException as error:
        raise ConfigError(f"{str(error).splitlines()[0]}; `playbill sql .tables` lists what there is") from error
    except duckdb.Error as error:
        raise ConfigError(str(error).strip()) from error
