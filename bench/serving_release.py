"""A synthetic release of the size the API is measured at; nothing of real data sets is in it.

Popularity of films falls like a power law, as in MovieLens; lists, histories and factors are random.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.films.films import Films
from pipelines.films.search import FilmSearch
from pipelines.lists.arrow import because_column, list_column
from pipelines.lists.tables import record_table
from pipelines.models.als import AlsConfig, AlsModel
from pipelines.models.base import Model
from pipelines.models.content import ContentModel
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.ease import EaseModel
from pipelines.models.popularity import PopularityModel
from pipelines.people.fingerprint import fingerprints
from warehouse.contracts.release import RELEASE_TABLES, SCHEMA_VERSION
from warehouse.folder import DataFolder
from warehouse.publishing import publishing
from warehouse.release_file import write_release_file
from warehouse.store import ReleaseStore

GENRES = ("Action", "Comedy", "Crime", "Drama", "Horror", "Romance", "Science Fiction", "Thriller", "War", "Western")
OVERVIEW = "Somebody leaves home for a place that nobody has come back from, and finds there what they had forgotten. "
START = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)


def publish_synthetic(
    folder: DataFolder,
    *,
    people: int,
    films: int,
    length: int = 50,
    ratings: int = 60,
    factors: int = 64,
    seed: int = 0,
    hybrid: bool = False,
) -> str:
    """Write and publish one release; another ``seed`` makes another one, a minute later.

    Every list of release ``seed`` begins with the film of id ``1000 + seed``, so that a reader can tell whose a list
    is whatever the answer says.
    """
    rng = np.random.default_rng(seed)
    ids = np.arange(1000, 1000 + films, dtype=np.int64)
    created_at = START + timedelta(minutes=seed)
    names = [f"ml_{number}" for number in range(people)]
    popularity = PopularityModel()
    popularity.movie_ids_ = ids
    popularity.scores_ = (1e5 / np.arange(1, films + 1) ** 0.8).astype(np.float32)
    als = _als(ids, factors, rng)
    model: Model = _hybrid(als, popularity, rng) if hybrid else als
    facts = {"model": model.name, "dataset": "synthetic", "users": people, "movies": films, "ratings": people * ratings,
             "run_id": f"bench-{seed}"}  # fmt: skip
    row = {**facts, "created_at": created_at, "schema_version": SCHEMA_VERSION, "git_revision": None,
           "recipe_hash": "0" * 12, "arrays_from": None,
           "mlflow_run_id": None, "mlflow_version": None, "data_watermark": created_at}  # fmt: skip
    movies = _movies(ids, rng)
    with publishing(ReleaseStore(folder), facts, created_at) as draft:
        release_id, path = draft.release_id, draft.path
        FilmSearch.build(Films(ids, movies.select(["title", "genres", "overview"]).to_pandas())).save(path / "search")
        for saved in (model, popularity):
            saved.save(path / "models" / saved.name)
        write_release_file(
            path / "release.duckdb",
            {
                **{name: record_table(name, []) for name in RELEASE_TABLES},
                "recommendation_lists": _lists(names, ids, length, seed, created_at, rng),
                "histories": _histories(names, ids, ratings, rng),
                "movies": movies,
                "score_chances": record_table("score_chances", _chances(model.name)),
                "release": record_table("release", [{**row, "release_id": release_id}]),
            },
            list_length=length,
        )
    return release_id


def _chances(model: str) -> list[dict[str, object]]:
    """Return curves of as many points as a real release has."""
    return [
        {"model": name, "score": float(score), "chance": float(chance), "ratings": 400}
        for name in (model, PopularityModel.name)
        for score, chance in zip(np.linspace(-2, 8, 50), np.linspace(0.3, 0.8, 50), strict=True)
    ]


def _als(ids: np.ndarray[tuple[int], np.dtype[np.int64]], factors: int, rng: np.random.Generator) -> AlsModel:
    model = AlsModel(AlsConfig(factors=factors))
    model.movie_ids_ = ids
    model.item_factors_ = rng.normal(0, 0.1, (len(ids), factors)).astype(np.float32)
    wide = model.item_factors_.astype(np.float64)
    model.gram_ = wide.T @ wide + 0.05 * np.eye(factors)
    model.rated_ = np.ones(len(ids), dtype=bool)
    return model


def _hybrid(als: AlsModel, popularity: PopularityModel, rng: np.random.Generator) -> HybridModel:
    """Return the published kind of model at its full size: 500 neighbours a film, 300 by content."""
    ids, model = als.movie_ids_, HybridModel(HybridConfig(members={"als": als.config.model_dump()}))
    assert ids is not None
    n = len(ids)
    made = {"als": als, "popularity": popularity}
    ease, covisitation, content = EaseModel(), CovisitationModel(), ContentModel()
    ease.kept_, ease.weights_ = np.arange(n, dtype=np.int32), _neighbours(n, n, 500, rng)
    covisitation.counts_ = _neighbours(n, n, 500, rng)
    covisitation.ratings_ = np.ones(n, dtype=np.float32)
    content.nearest_ = _neighbours(n, n, 300, rng)
    made |= {"ease": ease, "covisitation": covisitation, "content": content}
    model.members = {name: made[name] for name in model.members}
    model.cold_ = np.zeros(n, dtype=bool)
    for whole in (model, *model.members.values()):
        whole.movie_ids_ = ids
    return model


def _neighbours(rows: int, columns: int, count: int, rng: np.random.Generator) -> sp.csr_matrix:
    indices = _drawn(rows, count, 0, columns, rng)
    indices.sort(axis=1)
    indptr = np.arange(rows + 1, dtype=np.int64) * count
    return sp.csr_matrix((rng.random(rows * count, dtype=np.float32), indices.ravel().astype(np.int32), indptr),
                         shape=(rows, columns))  # fmt: skip


def _drawn(people: int, count: int, low: int, high: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``count`` different films a person: a random start and a step that comes round to none twice."""
    starts = rng.integers(0, high - low, people)
    return low + (starts[:, None] + np.arange(count)[None, :] * 7) % (high - low)


def _lists(names, ids, length, seed, created_at, rng) -> pa.Table:  # type: ignore[no-untyped-def]
    people, explained = len(names), min(10, length)
    half = len(ids) // 2
    places = _drawn(people, length, 1000, half, rng)
    places[:, 0] = seed
    bounds = np.arange(people + 1, dtype=np.int64) * length
    per_film = np.arange(people * explained + 1, dtype=np.int64) * 3
    reasons = ids[half + rng.integers(0, half, people * explained * 3)]
    return pa.table(
        {
            "user_id": names,
            "movie_ids": list_column(bounds, ids[places.ravel()].astype(np.int32)),
            "scores": list_column(bounds, np.tile(np.linspace(1, 0.1, length, dtype=np.float32), people)),
            "sources": list_column(bounds, pa.array(["als"] * (people * length))),
            "because": because_column(
                np.arange(people + 1) * explained, per_film, reasons, rng.random(len(reasons), dtype=np.float32)
            ),
            "generated_at": pa.array([created_at] * people, pa.timestamp("us", tz="UTC")),
        }
    )


def _histories(names, ids, ratings, rng) -> pa.Table:  # type: ignore[no-untyped-def]
    people, half = len(names), len(ids) // 2
    places = _drawn(people, ratings, half, len(ids), rng)
    bounds = np.arange(people + 1, dtype=np.int64) * ratings
    stars = rng.integers(1, 11, people * ratings).astype(np.float32) / 2
    seconds = np.tile(np.arange(ratings, dtype=np.int64) * 3600 + 1_700_000_000, people)
    films = ids[places.ravel()]
    return pa.table(
        {
            "user_id": names,
            "movie_ids": list_column(bounds, films.astype(np.int32)),
            "ratings": list_column(bounds, stars),
            "weights": list_column(bounds, stars / 5),
            "rated_at": list_column(bounds, pa.array(seconds * 1_000_000, type=pa.timestamp("us", tz="UTC"))),
            "sources": list_column(bounds, pa.array(["movielens"] * len(films))),
            "fingerprint": pa.array(fingerprints(films, stars, bounds)),
        }
    )


def _movies(ids, rng) -> pa.Table:  # type: ignore[no-untyped-def]
    n = len(ids)
    empty = record_table("movies", [])
    genres = [list(rng.choice(GENRES, rng.integers(1, 4), replace=False)) for _ in range(n)]
    known = {
        "movie_id": pa.array(ids, pa.int32()),
        "movielens_id": pa.array(np.arange(n), pa.int32()),
        "title": pa.array([f"The Film of Number {number}" for number in range(n)]),
        "year": pa.array(rng.integers(1930, 2026, n), pa.int16()),
        "genres": pa.array(genres, pa.list_(pa.string())),
        "overview": pa.array([OVERVIEW * int(times) for times in rng.integers(1, 5, n)]),
        "runtime": pa.array(rng.integers(80, 180, n), pa.int16()),
        "poster_path": pa.array([f"/{number:032x}.jpg" for number in range(n)]),
        "backdrop_path": pa.array([f"/{number:031x}b.jpg" for number in range(n)]),
        "vote_average": pa.array(rng.uniform(3, 9, n).astype(np.float32)),
        "ratings": pa.array(np.arange(n, 0, -1), pa.int32()),
        "likes": pa.array(np.arange(n, 0, -1) // 2, pa.int32()),
    }
    for field in empty.schema:
        if field.name not in known and pa.types.is_list(field.type):
            known[field.name] = pa.array([[]] * n, field.type)
        elif field.name not in known:
            known[field.name] = pa.nulls(n, field.type)
    return pa.table({name: known[name] for name in empty.column_names})
