"""What `playbill sql` can ask: releases, the warehouse and the lake, put in reach of one connection, read-only."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from warehouse.contracts.ledgers import LEDGERS
from warehouse.db import Connection, connect, quoted
from warehouse.errors import DamagedFileError, UnknownReleaseError
from warehouse.folder import BUILT, DataFolder
from warehouse.parts import sound_files
from warehouse.store import ReleaseStore
from warehouse.sums import check

log = logging.getLogger(__name__)

KEPT = ("tmdb_mapping", "movies_enriched")
"""Data sets that outlive builds."""
MOST_RELEASES = 100


def sql_name(release_id: str) -> str:
    """Return what a release is called in SQL: ``r_20261121T030000Z_3f9c2a``."""
    return f"r_{release_id.replace('-', '_')}"


def attach_releases(con: Connection, store: ReleaseStore, database: Path, release_id: str) -> None:
    """Attach a release as ``cur``, the one before it as ``prev``, and each by its id.

    Of whichever schema version they are; where another than ``cur`` cannot be read, go on without.
    """
    con.execute(f"ATTACH {quoted(database)} AS cur (READ_ONLY)")
    with suppress(UnknownReleaseError):  # the first one has none before it
        _attach(con, store.home / store.before(release_id) / "release.duckdb", "prev")
    for other in store.ids()[:MOST_RELEASES]:
        _attach(con, store.home / other / "release.duckdb", sql_name(other))


def attach_warehouse(con: Connection, folder: DataFolder) -> None:
    """Attach the warehouse in use as ``warehouse``, if there is one.

    A build is made in a folder of its own and swapped in whole, so a file that is in use is never written: reading it
    disturbs no run. Its tables can be asked; its views over the lake's files cannot, as no file can be opened.
    """
    if folder.warehouse_file.exists():
        _attach(con, folder.warehouse_file.resolve(), "warehouse")


def _attach(con: Connection, path: Path, name: str) -> None:
    try:
        con.execute(f'ATTACH {quoted(path)} AS "{name}" (READ_ONLY)')
    except duckdb.Error as error:
        log.warning("%s cannot be attached: %s", name, str(error).splitlines()[0])


def attach_lake(con: Connection, folder: DataFolder) -> None:
    """Make ``lake`` of the data sets and ledgers.

    The files are opened here, in Python, and handed in as Arrow data sets, so that DuckDB itself needs no file. One
    that is damaged is left out with a warning.
    """
    con.execute("ATTACH ':memory:' AS lake")
    for name, rows in _lake(folder):
        con.register(f"lake_{name}", rows)
        con.execute(f'CREATE VIEW lake."{name}" AS SELECT * FROM temp.main."lake_{name}"')


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
