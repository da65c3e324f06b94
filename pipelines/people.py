"""Everybody's histories and every film, read from the lake's data sets as the models need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.history import Histories, IntArray
from pipelines.models.films import Films
from warehouse.errors import EmptyLakeError
from warehouse.folder import DataFolder

METADATA = ("title", "year", "genres", "keywords", "cast_names", "directors", "tags", "overview")


@dataclass(frozen=True)
class People:
    """Who rated what, in films' own ids.

    Attributes
    ----------
    user_ids : list of str
        Ascending; history ``u`` is of ``user_ids[u]``.
    histories : Histories
        ``item_idx`` are positions in ``movie_ids``.
    movie_ids : int64 array
        Every film that somebody rated, ascending.
    sources : pyarrow string array
        Where each rating came from, in the order of the histories' ratings.
    """

    user_ids: list[str]
    histories: Histories
    movie_ids: IntArray
    sources: pa.Array

    def histories_in(self, films: Films) -> Histories:
        """Return the histories in a model's positions; ratings of films it does not know are left out."""
        old = self.histories
        items = films.index_of(self.movie_ids)[old.item_idx]
        kept = items >= 0
        lengths = np.bincount(old.owner[kept], minlength=len(old))
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return Histories(indptr, items[kept], old.ratings[kept], old.rated_at[kept])


def read_people(folder: DataFolder) -> People:
    """Read ``lake/interactions.parquet``.

    Raises
    ------
    EmptyLakeError
        If the warehouse has not been built, or holds no rating.
    """
    path = folder.dataset("interactions")
    if not path.exists():
        raise EmptyLakeError(f"{path} does not exist; run `playbill ingest` and `playbill build` first")
    table = pq.read_table(path).sort_by([("user_id", "ascending")])
    if table.num_rows == 0:
        raise EmptyLakeError(f"{path} holds no rating; ingest a data set with ratings first")
    coded = table["user_id"].combine_chunks().dictionary_encode()
    user_idx = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    raw_ids = table["movie_id"].to_numpy().astype(np.int64)
    movie_ids, items = np.unique(raw_ids, return_inverse=True)
    seconds = pc.cast(table["rated_at"], pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy() // 1_000_000
    ratings = table["rating"].to_numpy()
    user_ids: list[str] = coded.dictionary.to_pylist()
    histories = Histories.from_columns(user_idx, items, ratings, seconds, len(user_ids))
    order = np.lexsort((items, seconds, user_idx))
    joined = pc.binary_join(table["sources"], "+")
    sources = joined.combine_chunks().take(pa.array(order))
    return People(user_ids, histories, movie_ids, sources)


def read_films(folder: DataFolder) -> Films:
    """Read the films of ``lake/movies.parquet`` that have a title, by movie_id.

    Raises
    ------
    EmptyLakeError
        If the warehouse has not been built.
    """
    path = folder.dataset("movies")
    if not path.exists():
        raise EmptyLakeError(f"{path} does not exist; run `playbill ingest` and `playbill build` first")
    table = pq.read_table(path, columns=["movie_id", *METADATA]).sort_by([("movie_id", "ascending")])
    named = table.filter(pc.not_equal(pc.utf8_trim_whitespace(pc.fill_null(table["title"], "")), ""))
    return Films(named["movie_id"].to_numpy().astype(np.int64), named.select(list(METADATA)).to_pandas())
