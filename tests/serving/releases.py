"""Small releases for the API's tests: ten films on two axes, whose lists can be worked out by hand.

Films on the first axis are science fiction, on the second romance; a film's factor is its place on its axis, so a
history of science fiction scores romance 0. The item factors, and so the lists, are chosen here, not learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.films.films import Films
from pipelines.films.search import FilmSearch
from pipelines.lists import tables
from pipelines.lists.arrow import list_column
from pipelines.lists.rank import Ranker
from pipelines.lists.shard import rank_shard
from pipelines.models.als import AlsConfig, AlsModel
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityModel
from pipelines.models.svd import SvdConfig, SvdModel
from pipelines.people.history import Histories
from pipelines.people.reader import People
from warehouse.contracts.release import RELEASE_TABLES, SCHEMA_VERSION
from warehouse.folder import DataFolder
from warehouse.publishing import publishing
from warehouse.release_file import write_release_file
from warehouse.store import ReleaseStore

ALIEN, ALIENS, SOLARIS, MOON, GRAVITY = 11, 12, 13, 14, 15
AMELIE, CHOCOLAT, ONCE, BRAZIL, STALKER = 21, 22, 23, 31, 32
MOVIELENS = {ALIEN: 1, ALIENS: 2, SOLARIS: 3, AMELIE: 4}
SCIFI, ROMANCE = "Science Fiction", "Romance"
FILMS = [
    # movie_id, title, year, genres, keywords, vote, place on the axes
    (ALIEN, "Alien", 1979, [SCIFI, "Horror"], ["space", "monster"], 8.1, (0.9, 0)),
    (ALIENS, "Aliens", 1986, [SCIFI, "Action"], ["space", "marines"], 8.0, (0.8, 0)),
    (SOLARIS, "Solaris", 1972, [SCIFI, "Drama"], ["space", "grief"], 7.6, (0.7, 0)),
    (MOON, "Moon", 2009, [SCIFI, "Drama"], ["space", "clone"], 7.5, (0.6, 0)),
    (GRAVITY, "Gravity", 2013, [SCIFI, "Drama"], ["space"], 7.2, (0.5, 0)),
    (AMELIE, "Amélie", 2001, [ROMANCE, "Comedy"], ["paris"], 7.9, (0, 0.9)),
    (CHOCOLAT, "Chocolat", 2000, [ROMANCE, "Drama"], ["france"], 7.0, (0, 0.8)),
    (ONCE, "Once", 2007, [ROMANCE], ["dublin"], 7.4, (0, 0.7)),
    (BRAZIL, "Brazil", 1985, ["Comedy"], ["bureaucracy"], 7.7, (0.1, 0.1)),
    (STALKER, "Stalker", 1979, [], [], None, (0.4, 0)),
]
ANNA = "00000000-0000-4000-8000-00000000000a"
BEN = "00000000-0000-4000-8000-00000000000b"
PEOPLE: dict[str, list[tuple[int, float, int]]] = {
    "ml_1": [(ALIEN, 5.0, 100), (ALIENS, 4.0, 200)],
    "ml_2": [(AMELIE, 5.0, 100), (CHOCOLAT, 4.5, 150), (ALIEN, 4.0, 160)],
    "ml_3": [(ALIEN, 4.0, 100), (MOON, 3.0, 300), (SOLARIS, 4.5, 300)],
    ANNA: [(ALIEN, 5.0, 10), (ALIENS, 5.0, 20), (SOLARIS, 4.0, 30), (MOON, 4.0, 40), (BRAZIL, 3.0, 50)],
    BEN: [(AMELIE, 5.0, 10)],
}
POINTS = [{"score": 0.0, "chance": 0.2, "ratings": 100}, {"score": 4.0, "chance": 1.0, "ratings": 100}]
"""What the models' scores promise: 0.2 and another 0.2 a point, up to 4."""
STARS_ERRORS = {"rmse": 0.9, "mae": 0.7, "fold_in_rmse": 0.95, "fold_in_mae": 0.75, "n_folds": 5, "n_ratings": 14}
FIRST = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Catalogue:
    """The films of a release: as models read them, as ``movies`` of the release, and each one's genres."""

    films: Films
    movies: pa.Table
    genres: list[list[str]]


def film_table() -> Films:
    """Return the ten films, by movie_id."""
    metadata = pd.DataFrame(
        {
            "title": [film[1] for film in FILMS],
            "year": [film[2] for film in FILMS],
            "genres": [film[3] for film in FILMS],
            "keywords": [film[4] for film in FILMS],
        }
    )
    return Films(np.array([film[0] for film in FILMS], dtype=np.int64), metadata)


def axes_model() -> AlsModel:
    """Return an ALS model whose factors are the axes above: all arithmetic is in two dimensions."""
    config = AlsConfig(factors=2, regularization=1.0, alpha=1.0, history_alpha=1.0)
    model = AlsModel(config)
    model.movie_ids_ = film_table().movie_ids
    model.item_factors_ = np.array([film[6] for film in FILMS], dtype=np.float32)
    model.gram_ = np.eye(2)
    model.rated_ = np.array([film[0] != STALKER for film in FILMS])
    return model


def stars_model() -> SvdModel:
    """Return an SVD model without factors: three stars, half a star more for science fiction, and the person's bias."""
    model = SvdModel(SvdConfig(factors=1, bias_ridge=2.0, ridge=1e9))
    model.movie_ids_ = film_table().movie_ids
    model.mean_ = 3.0
    model.biases_ = np.array([0.5 if SCIFI in film[3] else 0.0 for film in FILMS], dtype=np.float32)
    model.item_factors_ = np.array([[1, 0]] * len(FILMS), dtype=np.float32)
    model.rated_ = np.array([film[0] != STALKER for film in FILMS])
    return model


def people_of(histories: Mapping[str, Sequence[tuple[int, float, int]]], source: str = "movielens") -> People:
    """Return histories as the jobs read them."""
    names = sorted(histories)
    rows = [(names.index(name), *row) for name in names for row in histories[name]]
    users, ids, stars, seconds = (list(column) for column in zip(*rows, strict=True))
    movie_ids, items = np.unique(np.array(ids, dtype=np.int64), return_inverse=True)
    grouped = Histories.from_columns(users, items, stars, seconds, len(names))
    return People(names, grouped, movie_ids, pa.array([source] * len(rows)))


def publish_release(
    folder: DataFolder,
    histories: Mapping[str, Sequence[tuple[int, float, int]]] = PEOPLE,
    *,
    created_at: datetime = FIRST,
    number: int = 0,
    length: int = 4,
    similar: int = 3,
    explained: int = 10,
    sources: Mapping[str, str] | None = None,
    model: Model | None = None,
    others: Sequence[Model] = (),
    catalogue: Catalogue | None = None,
) -> str:
    """Publish a release of these people and the ten films; ``number`` makes it another one, a minute later.

    With another ``catalogue`` comes a ``model`` that is fitted to it.
    """
    catalogue = tiny_catalogue() if catalogue is None else catalogue
    people, films = people_of(histories), catalogue.films
    if sources:
        names = np.repeat(people.user_ids, people.histories.lengths)
        people = People(
            people.user_ids, people.histories, people.movie_ids,
            pa.array([sources.get(name, "movielens") for name in names]),
        )  # fmt: skip
    model = axes_model() if model is None else model
    popularity = PopularityModel().fit(people.histories_in(films), films)
    rated = set(people.movie_ids.tolist())
    created_at += timedelta(minutes=number)
    lists = rank_shard(Ranker.of(model, popularity, films), people, length=length, explained=explained)
    facts = {"model": model.name, "dataset": "tiny", "users": len(people.user_ids), "movies": len(films),
             "ratings": len(people.histories.item_idx), "run_id": f"run-{number}", "explained": explained}  # fmt: skip
    if films.movie_ids.tolist() == film_table().movie_ids.tolist():
        facts["stars"] = STARS_ERRORS
    store = ReleaseStore(folder)
    with publishing(store, facts, created_at) as draft:
        release_id, path = draft.release_id, draft.path
        for saved in (model, popularity, *others):
            saved.save(path / "models" / saved.name)
        if "stars" in facts:
            stars_model().save(path / "models" / "stars")
        FilmSearch.build(films).save(path / "search")
        row = {**facts, "release_id": release_id, "created_at": created_at, "schema_version": SCHEMA_VERSION,
               "recipe_hash": "0" * 12, "arrays_from": None, "git_revision": None, "mlflow_run_id": None,
               "mlflow_version": None, "data_watermark": created_at}  # fmt: skip
        content = {
            **{name: relation_table(name) for name in RELEASE_TABLES},
            "recommendation_lists": tables.list_table(pa.Table.from_batches([lists]), created_at),
            "histories": tables.history_table(people, model),
            "movies": catalogue.movies,
            "popular_movies": tables.popular_table(
                people.histories_in(films),
                films,
                popularity,
                [
                    names if movie_id in rated else []
                    for movie_id, names in zip(films.movie_ids.tolist(), catalogue.genres, strict=True)
                ],
            ),
            "score_chances": tables.chance_table(
                [{"model": saved.name, **point} for saved in (model, *others) for point in POINTS],
                people.histories_in(films),
                films,
                popularity,
            ),
            "similar_movies": tables.similar_table(model, films, similar),
            "release": tables.record_table("release", [row]),
        }
        write_release_file(path / "release.duckdb", content, list_length=length)
    return release_id


def relation_table(name: str) -> pa.Table:
    """Return an empty table of the release."""
    return tables.record_table(name, [])


def tiny_catalogue() -> Catalogue:
    """Return the ten films."""
    n = len(FILMS)
    columns = {
        "movie_id": pa.array([film[0] for film in FILMS], pa.int32()),
        "movielens_id": pa.array([MOVIELENS.get(film[0]) for film in FILMS], pa.int32()),
        "title": pa.array([film[1] for film in FILMS]),
        "year": pa.array([film[2] for film in FILMS], pa.int16()),
        "genres": pa.array([film[3] for film in FILMS], pa.list_(pa.string())),
        "keywords": pa.array([film[4] for film in FILMS], pa.list_(pa.string())),
        "vote_average": pa.array([film[5] for film in FILMS], pa.float32()),
        "poster_path": pa.array([f"/{film[0]}.jpg" for film in FILMS]),
        "ratings": pa.array([1] * n, pa.int32()),
        "likes": pa.array([1 if (film[5] or 0) > 7.5 else 0 for film in FILMS], pa.int32()),
    }
    return Catalogue(film_table(), movie_rows(columns, n), [film[3] for film in FILMS])


def movie_rows(columns: Mapping[str, pa.Array], n_films: int) -> pa.Table:
    """Return ``movies`` of a release from some of its columns; the others are empty."""
    empty = tables.record_table("movies", [])
    lists = list_column(np.zeros(n_films + 1, dtype=np.int64), np.array([], dtype=object))
    made = {}
    for field in empty.schema:
        blank = lists.cast(field.type) if pa.types.is_list(field.type) else pa.nulls(n_films, field.type)
        made[field.name] = columns.get(field.name, blank)
    return pa.table(made)
