"""Read-only questions to releases and the lake, for people at a terminal.

The current release is attached as ``cur``, the one before it as ``prev``, the lake's data sets and ledgers are views
in ``lake``. Names without a prefix are the current release's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from warehouse.contracts.ledgers import LEDGERS
from warehouse.db import Connection, connect, quoted
from warehouse.errors import ConfigError, DamagedFileError, UnknownReleaseError
from warehouse.folder import BUILT, DataFolder
from warehouse.parts import sound_files
from warehouse.store import ReleaseStore
from warehouse.sums import check

log = logging.getLogger(__name__)

KEPT = ("tmdb_mapping", "movies_enriched")
"""Data sets that outlive builds."""
LOCKED = (
    "temp_directory = ''",
    "enable_external_access = false",
    "lock_configuration = true",
)
"""What is set before a stranger's SQL runs, the lock last. https://duckdb.org/docs/operations_manual/securing_duckdb"""
PATIENCE_SECONDS, GRACE_SECONDS = 0.1, 1.0
"""How often a waiting thread looks for a signal, and how long an interrupted query may take to end."""


@dataclass(frozen=True)
class Answer:
    """Columns and rows of a query; no columns where the statement returns nothing."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@contextmanager
def open_releases(folder: DataFolder, release_id: str | None = None) -> Iterator[Connection]:
    """Open a connection with ``cur``, ``prev`` and ``lake`` in place, and with no way out of it.

    Releases are attached read-only. The lake's files are opened here, in Python, and handed in as Arrow data sets, so
    that DuckDB itself needs no file: its access to files, extensions and the network is switched off, and then the
    switch is locked. What a query makes, it makes in memory. A lake file that is damaged is left out with a warning.

    Raises
    ------
    NoReleaseError, UnknownReleaseError
        If there is no release, or none of that id.
    """
    store = ReleaseStore(folder)
    release = store.get(release_id) if release_id else store.current()
    with connect() as con:
        con.execute(f"ATTACH {quoted(release.database)} AS cur (READ_ONLY)")
        _attach_previous(con, store, release.release_id)
        con.execute("ATTACH ':memory:' AS lake")
        for name, rows in _lake(folder):
            con.register(f"lake_{name}", rows)
            con.execute(f'CREATE VIEW lake."{name}" AS SELECT * FROM temp.main."lake_{name}"')
        for setting in LOCKED:
            con.execute(f"SET {setting}")
        con.execute("USE cur")
        yield con


def _attach_previous(con: Connection, store: ReleaseStore, release_id: str) -> None:
    """Attach the release before as ``prev``, of whichever schema version; where it cannot be read, go on without."""
    try:
        previous = store.before(release_id)
    except UnknownReleaseError:
        return
    try:
        con.execute(f"ATTACH {quoted(store.home / previous / 'release.duckdb')} AS prev (READ_ONLY)")
    except duckdb.Error as error:
        log.warning("release cannot be attached as prev release=%s reason=%s", previous, str(error).splitlines()[0])


def _lake(folder: DataFolder) -> Iterator[tuple[str, ds.Dataset]]:
    """Yield the lake's data sets and ledgers by the names that they have in SQL."""
    for name in (*BUILT, *KEPT):
        path = folder.dataset(name)
        if not path.exists():
            continue
        try:
            yield name, ds.dataset(str(check(path, "the next `playbill run` writes it anew")), format="parquet")
        except (DamagedFileError, pa.ArrowException) as error:
            log.warning("lake.%s is left out: %s", name, error)
    with connect() as con:
        for name, relation in LEDGERS.items():
            if files := sound_files(folder.ledgers / name):
                schema = con.sql(relation.select_empty_sql).to_arrow_table().schema
                yield f"{name}_log", ds.dataset([str(path) for path in files], schema=schema, format="parquet")


def ask(con: Connection, sql: str, values: Sequence[Any] | None = None) -> Answer:
    """Run one statement; Ctrl-C ends it, and the connection is good for the next.

    Raises
    ------
    ConfigError
        If DuckDB cannot run it; the message is DuckDB's own.
    """
    answer: Future[Answer] = Future()

    def work() -> None:
        try:
            answer.set_result(_fetch(con, sql, values))
        except BaseException as error:
            answer.set_exception(error)

    # Python hands a signal to its main thread, which must not be inside DuckDB then
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(PATIENCE_SECONDS)
    except KeyboardInterrupt:
        con.interrupt()
        thread.join(GRACE_SECONDS)
        raise
    try:
        return answer.result()
    except duckdb.Error as error:
        raise ConfigError(str(error).strip()) from error


def _fetch(con: Connection, sql: str, values: Sequence[Any] | None) -> Answer:
    found: duckdb.DuckDBPyConnection | None = con.execute(sql, list(values or []))
    if found is None:  # DuckDB's answer to a text without a statement, whatever its types say
        raise ConfigError('there is no statement in it; for example: playbill sql "select * from release"')
    columns = [column[0] for column in found.description or []]
    return Answer(columns, found.fetchall() if columns else [])
