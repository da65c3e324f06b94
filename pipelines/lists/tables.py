"""The tables of a release as Arrow, from the lake, the published model and the run's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.films.films import Films
from pipelines.lists.arrow import list_column
from pipelines.lists.chance import LIKED_FROM, Curve, fit
from pipelines.lists.filling import filling_order
from pipelines.lists.similar import similar_films
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityConfig, PopularityModel
from pipelines.people.fingerprint import fingerprints
from pipelines.people.history import WEIGHED_AT_ONCE, Histories
from pipelines.people.reader import People
from warehouse.builds import built_file
from warehouse.columns import Relation
from warehouse.contracts.release import RELEASE_TABLES
from warehouse.db import connect, scratch
from warehouse.folder import DataFolder

POPULAR_DEPTH = 500
TRENDING_HALF_LIFE_DAYS = 60.0


def list_table(shards: pa.Table, generated_at: datetime) -> pa.Table:
    """Return ``recommendation_lists`` from the shards of `pipelines.lists.shard`, all of one moment."""
    moment = pa.scalar(generated_at, type=pa.timestamp("us", tz="UTC"))
    return shards.append_column("generated_at", pa.repeat(moment, len(shards)))


def history_table(people: People, model: Model) -> pa.Table:
    """Return ``histories``, with the weights that the model gives them."""
    histories = people.histories
    weights, prints = [np.zeros(0, np.float32)], [np.zeros(0, np.uint64)]
    for _, part in histories.chunks(WEIGHED_AT_ONCE):
        weights.append(model.history_weights(part))
        prints.append(fingerprints(people.movie_ids[part.item_idx], part.ratings, part.indptr))
    column = list_column(histories.indptr, np.concatenate(weights))
    return (
        rating_table(people)
        .append_column("weights", column)
        .append_column("fingerprint", pa.array(np.concatenate(prints)))
    )


def rating_table(people: People) -> pa.Table:
    """Return what ``histories`` holds besides what is worked out from it: films, stars, times and sources."""
    histories = people.histories
    times = pa.array(histories.rated_at * 1_000_000, type=pa.timestamp("us", tz="UTC"))
    return pa.table(
        {
            "user_id": pa.array(people.user_ids),
            "movie_ids": list_column(histories.indptr, people.movie_ids.astype(np.int32)[histories.item_idx]),
            "ratings": list_column(histories.indptr, histories.ratings),
            "rated_at": list_column(histories.indptr, times),
            "sources": list_column(histories.indptr, people.sources),
        }
    )


def movie_table(folder: DataFolder) -> pa.Table:
    """Return ``movies``: what is known of each film, with its ratings counted."""
    with scratch() as con:
        con.register("films", pq.read_table(built_file(folder, "movies")))
        con.register("stats", pq.read_table(built_file(folder, "movie_stats")))
        return con.sql(
            "SELECT films.*, coalesce(stats.ratings, 0)::INTEGER AS ratings, stats.mean_rating, "
            "coalesce(stats.likes, 0)::INTEGER AS likes "
            "FROM films LEFT JOIN stats ON films.movie_id = stats.movie_id ORDER BY films.movie_id"
        ).to_arrow_table()


def popular_table(
    histories: Histories, films: Films, popularity: PopularityModel, genres: Sequence[Sequence[str]]
) -> pa.Table:
    """Return ``popular_movies``: the scopes all, trending and one a genre, each to a depth of 500."""
    lately = PopularityModel(PopularityConfig(half_life_days=TRENDING_HALF_LIFE_DAYS)).fit(histories, films)
    places = films.index_of(popularity.films.movie_ids)
    overall = np.full(len(films), -np.inf, dtype=np.float32)
    overall[places[places >= 0]] = popularity.scores_[places >= 0]
    scopes = {"all": overall, "trending": lately.scores_}
    owner = np.repeat(np.arange(len(genres)), [len(names) for names in genres])
    codes, names = pd.factorize(np.array(list(chain.from_iterable(genres)), dtype=object), sort=True)
    for code, genre in enumerate(names):
        of_genre = np.zeros(len(films), dtype=np.bool_)
        of_genre[owner[codes == code]] = True
        scopes[f"genre:{genre}"] = np.where(of_genre, overall, -np.inf).astype(np.float32)
    parts = []
    for scope, scores in scopes.items():
        order = np.lexsort((films.movie_ids, -scores))[:POPULAR_DEPTH]
        order = order[scores[order] > -np.inf]
        ranks = np.arange(1, len(order) + 1, dtype=np.int16)
        scope_column = pa.array([scope] * len(order), type=pa.string())  # also where nobody rated a film of the genre
        columns = {"scope": scope_column, "rank": ranks, "movie_id": films.movie_ids[order].astype(np.int32)}
        parts.append(pa.table({**columns, "score": scores[order]}))
    return pa.concat_tables(parts)


def chance_rows(curves: Mapping[str, Curve]) -> list[dict[str, Any]]:
    """Return the curves of some models as rows of ``score_chances``."""
    return [
        {"model": name, "score": score, "chance": chance, "ratings": ratings}
        for name, curve in curves.items()
        for score, chance, ratings in zip(
            curve.scores.tolist(), curve.chances.tolist(), curve.ratings.tolist(), strict=True
        )
    ]


def chance_table(
    measured: list[dict[str, Any]], histories: Histories, films: Films, popularity: PopularityModel
) -> pa.Table:
    """Return ``score_chances``: what was measured, and popularity's curve over the release's own ratings.

    Popularity's scores grow with the number of ratings, so those of a training part promise nothing here.
    """
    rated = np.bincount(histories.item_idx, minlength=len(films))
    liked = np.bincount(histories.item_idx, weights=histories.ratings >= LIKED_FROM, minlength=len(films))
    order = filling_order(popularity, films)
    scores = np.empty(len(films))
    scores[order.item_idx] = order.scores
    own = chance_rows({popularity.name: fit(scores, liked / np.maximum(rated, 1), rated)})
    rows = [row for row in measured if row["model"] != popularity.name] + own
    types = {"model": pa.string(), "score": pa.float32(), "chance": pa.float32(), "ratings": pa.int32()}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()})


def similar_table(model: Model, films: Films, k: int) -> pa.Table:
    """Return ``similar_movies``, by film and rank."""
    ids = model.films.movie_ids
    lists = similar_films(model, np.arange(len(ids)), k)
    owner = np.repeat(ids, np.diff(lists.indptr))
    ranks = np.arange(len(lists.item_idx)) - np.repeat(lists.indptr[:-1], np.diff(lists.indptr)) + 1
    similar = ids[lists.item_idx]
    kept = (films.index_of(owner) >= 0) & (films.index_of(similar) >= 0)
    columns = {
        "movie_id": owner.astype(np.int32),
        "rank": ranks.astype(np.int16),
        "similar_id": similar.astype(np.int32),
    }
    return pa.table({**columns, "score": lists.scores}).filter(pa.array(kept))


def profile_table(folder: DataFolder) -> pa.Table:
    """Return ``user_profiles`` from the warehouse."""
    with connect(folder.warehouse_file, read_only=True) as con:
        return con.sql("SELECT * FROM mart_user_profiles ORDER BY user_id").to_arrow_table()


def without_people(content: Mapping[str, pa.Table], user_ids: list[str]) -> dict[str, pa.Table]:
    """Return a release's tables without some people."""
    out = pa.array(user_ids, type=pa.string())
    return {
        name: table.filter(pc.invert(pc.is_in(table["user_id"], out))) if "user_id" in table.column_names else table
        for name, table in content.items()
    }


def nobody() -> pa.Table:
    """Return a table of no people."""
    return pa.table({"user_id": pa.array([], type=pa.string())})


def only_people(table: pa.Table, user_ids: list[str]) -> pa.Table:
    """Return the rows of some people."""
    return table.filter(pc.is_in(table["user_id"], pa.array(user_ids, type=pa.string())))


def record_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Return a small table of the release from dictionaries, typed by its contract."""
    return record_tables({name: rows})[name]


def record_tables(rows_of: Mapping[str, list[dict[str, Any]]]) -> dict[str, pa.Table]:
    """Return small tables of the release from dictionaries, each typed by its contract."""
    made = {}
    with scratch() as con:
        for name, rows in rows_of.items():
            relation: Relation = RELEASE_TABLES[name]
            marks = ", ".join("?" for _ in relation.columns)
            con.execute(relation.create_sql)
            for row in rows:
                con.execute(f'INSERT INTO "{name}" VALUES ({marks})', [row[column.name] for column in relation.columns])
            made[name] = con.sql(f'SELECT * FROM "{name}"').to_arrow_table()
    return made
