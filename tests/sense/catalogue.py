"""ml-latest-small with TMDB's facts as a release, for tests that ask what a film lover would.

Built from ../shared, which is not part of the project: without it these tests are skipped.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.sources.tmdb.records import read_record

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
GENRES_OF_MOVIELENS = {"Children": "Family", "Sci-Fi": "Science Fiction", "Musical": "Music"}


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
