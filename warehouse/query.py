"""Read-only questions to releases and the lake, for people at a terminal.

The current release is attached as ``cur``, the one before it as ``prev``, the lake's data sets and ledgers are views
in ``lake``. Names without a prefix are the current release's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.db import Connection, connect, quoted
from warehouse.errors import ConfigError, UnknownReleaseError
from warehouse.folder import DataFolder
from warehouse.store import ReleaseStore

log = logging.getLogger(__name__)


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
    """Open a connection with ``cur``, ``prev`` and ``lake`` in place; nothing can be written through it.

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
        for path in sorted(folder.lake.glob("*.parquet")):
            con.execute(f'CREATE VIEW lake."{path.stem}" AS SELECT * FROM read_parquet({quoted(path)})')
        for home in sorted(folder.ledgers.glob("*")):
            files = quoted(home / "*.parquet")
            con.execute(
                f'CREATE VIEW lake."{home.name}_log" AS SELECT * FROM read_parquet({files}, union_by_name=true)'
            )
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


def ask(con: Connection, sql: str, values: Sequence[Any] | None = None) -> Answer:
    """Run one statement.

    Raises
    ------
    ConfigError
        If DuckDB cannot run it; the message is DuckDB's own.
    """
    try:
        found: duckdb.DuckDBPyConnection | None = con.execute(sql, list(values or []))
        if found is None:  # DuckDB's answer to a text without a statement, whatever its types say
            raise ConfigError('there is no statement in it; for example: playbill sql "select * from release"')
        columns = [column[0] for column in found.description or []]
        return Answer(columns, found.fetchall() if columns else [])
    except duckdb.Error as error:
        raise ConfigError(str(error).strip()) from error
