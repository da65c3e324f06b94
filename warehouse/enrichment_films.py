"""Which films the active data set needs facts of, and how far they are covered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.build import read_sql
from warehouse.columns import Relation
from warehouse.contracts.core import FCT_INTERACTIONS
from warehouse.contracts.landed import RAW, RAW_TMDB_MAPPING
from warehouse.db import Connection, connect, quoted
from warehouse.folder import DataFolder

OWN_FACTS = ("movielens", "sample")
"""Sources whose films come with their ratings; ratings of any other name TMDB's films themselves."""


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
    with connect() as con:
        for table in ("films", "links", "ratings"):
            relation = RAW[f"raw_movielens_{table}"]
            path = batch / f"{table}.parquet"
            has_numbers = path.exists() and batch.parent.name == "movielens"
            _view(con, f"set_{table}", relation, path if has_numbers else None, "true")
        mapping = folder.dataset("tmdb_mapping")
        _view(con, "known_mapping", RAW_TMDB_MAPPING, mapping, f"id_space = {quoted(id_space)}")
        others = f"NOT list_has_all([{', '.join(quoted(name) for name in OWN_FACTS)}], sources)"
        _view(con, "app_ratings", FCT_INTERACTIONS, folder.dataset("interactions"), others)
        query = next(file.query for file in read_sql("enrichment") if file.name == "wanted_films")
        return [WantedFilm(*row) for row in con.execute(query).fetchall()]


def covered_films(folder: DataFolder, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what is known of each film of ``lake/movies_enriched.parquet``: its ids and a flag a column."""
    flags = ", ".join(f'("{c}" IS NOT NULL AND "{c}"::VARCHAR NOT IN (\'\', \'[]\')) AS "{c}"' for c in columns)
    with connect() as con:
        files = quoted(folder.dataset("movies_enriched"))
        query = f"SELECT movie_id, former_ids, {flags} FROM read_parquet({files})"
        rows: list[dict[str, Any]] = con.sql(query).to_arrow_table().to_pylist()
    return rows


def _view(con: Connection, name: str, relation: Relation, path: Path | None, condition: str) -> None:
    known = path is not None and path.exists()
    rows = f"SELECT * FROM read_parquet({quoted(path)})" if known and path else relation.select_empty_sql
    con.execute(f'CREATE VIEW "{name}" AS SELECT * FROM ({rows}) WHERE {condition}')
