"""The enrichment ledger on disk: small Parquet parts while a run asks, one part when it is done.

``lake/ledgers/enrichment/000000012-3f9c2a71.parquet``: a part is whole or absent, never changed; the higher number is
the newer word on a film. Compaction writes the next number and then deletes the older parts, so a crash between the
two only leaves rows that say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv

from warehouse.build import read_sql
from warehouse.contracts.ledgers import ENRICHMENT
from warehouse.contracts.tmdb import RAW_TMDB_MOVIES
from warehouse.db import Connection, parquet_files, quoted, scratch
from warehouse.errors import DamagedFileError
from warehouse.files import remove_leftovers, replacing
from warehouse.folder import DataFolder
from warehouse.parts import add_part, rows_of, sound_files
from warehouse.parts import set_aside as set_parts_aside
from warehouse.sums import check, rewriting

DATASET = "movies_enriched"


@dataclass(frozen=True)
class KnownFilm:
    """Where one film stands in the ledger; the columns are those of its contract."""

    asked_id: int
    status: str
    movie_id: int | None
    attempts: int
    fetched_at: datetime | None
    next_try: datetime


class EnrichmentLedger:
    """The ledger of one data folder; call it under the write lock.

    Parameters
    ----------
    oldest : datetime
        Records fetched then or before are forgotten, wherever they are read or written.
    """

    def __init__(self, folder: DataFolder, oldest: datetime) -> None:
        self._folder, self._oldest = folder, oldest
        self._home = folder.ledgers / ENRICHMENT.name
        remove_leftovers(self._home)

    @property
    def parts(self) -> list[Path]:
        """The ledger's files, oldest first; films of a damaged one, which is passed over, are asked for again."""
        return sound_files(self._home)

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Put rows on disk as one part; a film may stand in it once."""
        if rows:
            add_part(self._home, pa.Table.from_pylist(rows, schema=_schema()))

    def known(self) -> dict[int, KnownFilm]:
        """Return where every film stands, by the id it was asked for."""
        columns = "asked_id, status, movie_id, attempts, fetched_at, next_try"
        with self._open() as con:
            rows = con.sql(f"SELECT {columns} FROM current_films").to_arrow_table().to_pylist()
        return {row["asked_id"]: KnownFilm(**row) for row in rows}

    def announce_changes(self, movie_ids: Iterable[int], run_id: str, moment: datetime) -> None:
        """Note that TMDB changed these films, so that they are due until they are fetched, in this run or a later."""
        rows = [
            {
                **dict.fromkeys(_schema().names),
                **{"recorded_at": moment, "run_id": run_id, "asked_id": movie_id, "status": "changed"},
                **{"attempts": 0, "next_try": moment, "problems": []},
            }
            for movie_id in sorted(movie_ids)
        ]
        self.append(rows)

    def compact(self) -> None:
        """Make one part of all, without what is too old to be kept."""
        old = self.parts
        if not old:
            return
        with self._open() as con:
            add_part(self._home, con.sql("SELECT * FROM current_films").to_arrow_table())
        for path in old:
            path.unlink()
        set_parts_aside(self._home, self._folder.quarantine / "ledgers" / ENRICHMENT.name)

    def write_dataset(self, wanted: Iterable[int], popular: list[int]) -> int:
        """Replace ``lake/movies_enriched.parquet`` with the records of these films; return how many there are.

        Parameters
        ----------
        wanted : iterable of int
            Films of the active data set.
        popular : list of int
            TMDB's most popular films, the first at rank 1.
        """
        places = list(range(1, len(popular) + 1))
        with self._open() as con, rewriting(self._folder.dataset(DATASET)) as target:
            con.register("wanted_films", pa.table({"movie_id": pa.array(sorted(set(wanted)), type=pa.int32())}))
            ranks = {"movie_id": pa.array(popular, type=pa.int32()), "rank": pa.array(places, type=pa.int32())}
            con.register("popular_films", pa.table(ranks))
            con.execute(f'CREATE VIEW "{RAW_TMDB_MOVIES.name}" AS {_query(DATASET)}')
            RAW_TMDB_MOVIES.check(con)
            con.execute(f'COPY "{RAW_TMDB_MOVIES.name}" TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)')
            return int(con.execute(f"SELECT count(*) FROM {parquet_files([target])}").fetchall()[0][0])

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        with scratch() as con:
            con.execute("SET VARIABLE oldest = ?::TIMESTAMPTZ", [self._oldest])
            columns = ENRICHMENT.column_list
            rows = f"SELECT 0 AS part, {columns} FROM ({ENRICHMENT.select_empty_sql})"
            if parts := self.parts:
                rows = f"SELECT part, {columns} FROM {rows_of(parts)}"
            con.execute(f"CREATE VIEW enrichment_parts AS {rows}")
            con.execute(f"CREATE VIEW current_films AS {_query('current_films')}")
            yield con


def set_aside(folder: DataFolder, run_id: str, rows: list[dict[str, Any]]) -> None:
    """Keep the values of records that were not as documented in ``quarantine/tmdb-<run_id>.csv``."""
    if rows:
        with replacing(folder.quarantine / f"tmdb-{run_id}.csv") as temporary:
            pv.write_csv(pa.Table.from_pylist(rows), temporary)


def last_popular(folder: DataFolder) -> list[int]:
    """Return the popular films of the last run, the most popular first."""
    path = folder.dataset(DATASET)
    try:
        check(path, "it is written anew")
    except DamagedFileError:
        return []
    with scratch() as con:
        query = f"SELECT movie_id FROM {parquet_files([path])} WHERE popular_rank > 0 ORDER BY popular_rank"
        return [row[0] for row in con.execute(query).fetchall()]


def _query(name: str) -> str:
    return next(file.query for file in read_sql("enrichment") if file.name == name)


def _schema() -> pa.Schema:
    with scratch() as con:
        return con.sql(ENRICHMENT.select_empty_sql).to_arrow_table().schema
