"""Which films the active data set needs facts of, and how far they are covered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.build import read_sql
from warehouse.builds import known_mapping
from warehouse.changes import batch_folders
from warehouse.columns import Relation
from warehouse.contracts.landed import RAW, RAW_TMDB_MAPPING
from warehouse.db import Connection, parquet_files, quoted, scratch
from warehouse.folder import DataFolder

APP_SOURCES = {"stg_supabase_ratings": "ratings", "stg_events": "signals"}
"""Staging files of ratings that name TMDB's films themselves, and the table of a batch that each reads."""


@dataclass(frozen=True)
class WantedFilm:
    """A film that facts are needed of: its TMDB id, its IMDb id where known, and its ratings."""

    movie_id: int
    imdb_id: str | None
    ratings: int


def wanted_films(folder: DataFolder, batch: Path, id_space: str) -> list[WantedFilm]:
    """Return the films of the active batch, and those that apps' users rated, the most rated first.

    The sample's films come with their facts and are not among them.

    Parameters
    ----------
    batch : Path
        The active batch.
    id_space : str
        Whose numbering its film ids are.
    """
    with scratch() as con:
        for table in ("films", "links", "ratings"):
            relation = RAW[f"raw_movielens_{table}"]
            path = batch / f"{table}.parquet"
            has_numbers = path.exists() and batch.parent.name == "movielens"
            _view(con, f"set_{table}", relation, [path] if has_numbers else [], "true")
        mapping = known_mapping(folder)
        _view(con, "known_mapping", RAW_TMDB_MAPPING, [mapping] if mapping else [], f"id_space = {quoted(id_space)}")
        for file in read_sql("staging"):
            if file.name in APP_SOURCES:
                raw = file.upstream[0]
                homes = batch_folders(folder.batches(raw.split("_")[1]))
                _view(con, raw, RAW[raw], [home / f"{APP_SOURCES[file.name]}.parquet" for home in homes], "true")
                con.execute(f'CREATE VIEW "{file.name}" AS {file.query}')
        query = next(file.query for file in read_sql("enrichment") if file.name == "wanted_films")
        return [WantedFilm(*row) for row in con.execute(query).fetchall()]


def covered_films(folder: DataFolder, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what is known of each film of ``lake/movies_enriched.parquet``: its ids and a flag a column."""
    flags = ", ".join(f'("{c}" IS NOT NULL AND "{c}"::VARCHAR NOT IN (\'\', \'[]\')) AS "{c}"' for c in columns)
    with scratch() as con:
        files = parquet_files([folder.dataset("movies_enriched")])
        query = f"SELECT movie_id, former_ids, {flags} FROM {files}"
        rows: list[dict[str, Any]] = con.sql(query).to_arrow_table().to_pylist()
    return rows


def _view(con: Connection, name: str, relation: Relation, paths: list[Path], condition: str) -> None:
    present = [path for path in paths if path.exists()]
    rows = f"SELECT * FROM {parquet_files(present)}" if present else relation.select_empty_sql
    con.execute(f'CREATE VIEW "{name}" AS SELECT * FROM ({rows}) WHERE {condition}')
