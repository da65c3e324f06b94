"""ml-latest-small with TMDB's facts as a release, for tests that ask what a film lover would.

Built from ../shared, which is not part of the project: without it these tests are skipped.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.choice.evaluation.split import Ratings
from pipelines.choice.learning import Learner
from pipelines.choice.recipes import make_model
from pipelines.films.films import Films
from pipelines.lists.tables import record_table
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.parts.sharing import fit_all
from pipelines.sources.tmdb.records import read_record
from tests.serving.releases import Catalogue, movie_rows, people_of, publish_release
from warehouse.folder import DataFolder

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Film:
    """What is known of a film, from MovieLens and TMDB."""

    movie_id: int
    movielens_id: int
    title: str
    year: int
    genres: frozenset[str]
    keywords: frozenset[str]
    people: frozenset[str]
    directors: frozenset[str]
    language: str
    minutes: int
    record: dict[str, Any]


def read_catalogue() -> dict[int, Film]:
    """Return the films of ml-latest-small that TMDB knows, by TMDB id; skips the test where ../shared is not there."""
    movielens, tmdb = SHARED / "movielens" / "ml-latest-small.zip", SHARED / "tmdb" / "movies.jsonl.gz"
    if not movielens.exists() or not tmdb.exists():
        pytest.skip("ml-latest-small.zip and TMDB's records are not in ../shared/data")
    with zipfile.ZipFile(movielens) as archive, archive.open("ml-latest-small/links.csv") as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8"))
        links = {int(row["tmdbId"]): int(row["movieId"]) for row in rows if row["tmdbId"]}
    films = {}
    with gzip.open(tmdb, "rt", encoding="utf-8") as lines:
        for line in lines:
            body = json.loads(line)
            record = read_record(body, body["id"]).record
            if body["id"] in links and record and record["title"]:
                films[body["id"]] = _film(body["id"], links[body["id"]], record)
    return films


def _film(movie_id: int, movielens_id: int, record: dict[str, Any]) -> Film:
    directors = frozenset(record["directors"] or ())
    return Film(
        movie_id, movielens_id, record["title"], record["year"] or 0, frozenset(record["genres"] or ()),
        frozenset(record["keywords"] or ()), directors | frozenset(record["cast_names"] or ()), directors,
        record["language"] or "", record["runtime"] or 0, record,
    )  # fmt: skip


def read_ratings(films: dict[int, Film]) -> pd.DataFrame:
    """Return ml-latest-small's ratings of these films: user, movie_id (TMDB), rating, seconds."""
    with zipfile.ZipFile(SHARED / "movielens" / "ml-latest-small.zip") as archive:
        ratings = pd.read_csv(io.BytesIO(archive.read("ml-latest-small/ratings.csv")))
    ids = {film.movielens_id: film.movie_id for film in films.values()}
    ratings["movie_id"] = ratings["movieId"].map(ids)
    return ratings.dropna(subset=["movie_id"]).astype({"movie_id": int})


def histories_of(ratings: pd.DataFrame) -> dict[str, list[tuple[int, float, int]]]:
    """Return people's ratings as releases of tests are made from."""
    histories: dict[str, list[tuple[int, float, int]]] = {}
    rows = ratings[["userId", "movie_id", "rating", "timestamp"]].itertuples(index=False)
    for user, movie_id, stars, seconds in rows:
        histories.setdefault(f"ml_{user}", []).append((int(movie_id), float(stars), int(seconds)))
    return histories


def publish_shipped(
    folder: DataFolder, films: dict[int, Film], others: Mapping[str, list[tuple[int, float, int]]]
) -> str:
    """Publish a release ranked by what ships, learned from everybody but ``others``, who get lists too."""
    ratings = read_ratings(films)
    catalogue, histories = release_catalogue(films, ratings), histories_of(ratings)
    crowd = people_of(histories).histories_in(catalogue.films)
    learner = Learner("next", Ratings.of(crowd, len(catalogue.films)), catalogue.films, seed=42)
    learned = learner.learn(make_model("hybrid"))
    ((_, model),) = fit_all({learned.name: learned}, crowd, catalogue.films, ready=learner.ready)
    return publish_release(
        folder, {**histories, **others}, model=model, catalogue=catalogue, length=20, similar=20, explained=20
    )


def publish_catalogue(folder: DataFolder, films: dict[int, Film]) -> str:
    """Publish a release of these films and their ratings; co-visitation ranks, as it fits in seconds."""
    ratings = read_ratings(films)
    histories = histories_of(ratings)
    catalogue = release_catalogue(films, ratings)
    people = people_of(histories)
    model = CovisitationModel().fit(people.histories_in(catalogue.films), catalogue.films)
    return publish_release(folder, histories, model=model, catalogue=catalogue, length=20, similar=20)


def release_catalogue(films: dict[int, Film], ratings: pd.DataFrame) -> Catalogue:
    """Return the films as a release has them."""
    records = [films[movie_id].record for movie_id in sorted(films)]
    counts = ratings.groupby("movie_id")["rating"].agg(["count", "mean"]).reindex(sorted(films))
    schema = record_table("movies", []).schema
    columns = {field.name: pa.array([row.get(field.name) for row in records], field.type)
               for field in schema if field.name in records[0] and field.name != "enriched_at"}  # fmt: skip
    columns["movie_id"] = pa.array(sorted(films), pa.int32())
    columns["movielens_id"] = pa.array([films[movie_id].movielens_id for movie_id in sorted(films)], pa.int32())
    columns["ratings"] = pa.array(counts["count"].fillna(0).astype(int).tolist(), pa.int32())
    liked = ratings[ratings["rating"] >= 4].groupby("movie_id").size().reindex(sorted(films)).fillna(0)
    columns["likes"] = pa.array(liked.astype(int).tolist(), pa.int32())
    columns["mean_rating"] = pa.array(counts["mean"].tolist(), schema.field("mean_rating").type, from_pandas=True)
    metadata = pd.DataFrame(records)
    return Catalogue(
        Films(np.array(sorted(films), dtype=np.int64), metadata), movie_rows(columns, len(films)),
        [list(row["genres"] or ()) for row in records],
    )  # fmt: skip
