"""Everybody's histories and every film, read from the lake's data sets as the models need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.films.films import Films
from pipelines.people.history import Histories, IntArray
from warehouse.builds import built_file
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
    is_rating : bool array, optional
        In that order; without it, all True. False where events stand for the stars, as nobody gave any. Such rows are
        not in the app's table of ratings, so a fingerprint that is compared with that table leaves them out.
    """

    user_ids: list[str]
    histories: Histories
    movie_ids: IntArray
    sources: pa.Array
    is_rating: NDArray[np.bool_] | None = None

    def histories_in(self, films: Films) -> Histories:
        """Return the histories in a model's positions; ratings of films it does not know are left out."""
        old = self.histories
        items = films.index_of(self.movie_ids)[old.item_idx]
        kept = items >= 0
        lengths = np.bincount(old.owner[kept], minlength=len(old))
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return Histories(indptr, items[kept], old.ratings[kept], old.rated_at[kept])


def read_people(folder: DataFolder) -> People:
    """Read the built ``interactions``.

    Raises
    ------
    DamagedFileError
        If the file is not what the build wrote.
    EmptyLakeError
        If the warehouse has not been built, or holds no rating.
    """
    path = built_file(folder, "interactions")
    names = ["user_id", "movie_id", "rating", "rated_at", "is_rating", "sources"]
    table = pq.read_table(path, columns=names, read_dictionary=["user_id"])
    if table.num_rows == 0:
        raise EmptyLakeError(f"{path} holds no rating; ingest a data set with ratings first")
    user_ids, user_idx = _users(table["user_id"])
    movie_ids, items = np.unique(table["movie_id"].to_numpy().astype(np.int64), return_inverse=True)
    seconds = pc.cast(table["rated_at"], pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy() // 1_000_000
    histories = Histories.from_columns(user_idx, items, table["rating"].to_numpy(), seconds, len(user_ids))
    order = np.lexsort((items, seconds, user_idx))
    sources = pc.binary_join(table["sources"], "+").combine_chunks().take(pa.array(order))
    is_rating = table["is_rating"].to_numpy()[order]
    return People(user_ids, histories, movie_ids, sources, is_rating)


def _users(column: pa.ChunkedArray) -> tuple[list[str], IntArray]:
    """Return the people in ascending order and each row's place among them, without sorting the rows."""
    coded = column.combine_chunks()
    coded = coded if isinstance(coded.type, pa.DictionaryType) else coded.dictionary_encode()
    names = coded.dictionary.to_pylist()
    ascending = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[ascending] = np.arange(len(names))
    return [names[index] for index in ascending], place[coded.indices.to_numpy(zero_copy_only=False)]


def read_films(folder: DataFolder) -> Films:
    """Read the built films that have a title, by movie_id.

    Raises
    ------
    EmptyLakeError
        If the warehouse has not been built.
    """
    path = built_file(folder, "movies")
    table = pq.read_table(path, columns=["movie_id", *METADATA]).sort_by([("movie_id", "ascending")])
    named = table.filter(pc.not_equal(pc.utf8_trim_whitespace(pc.fill_null(table["title"], "")), ""))
    return Films(named["movie_id"].to_numpy().astype(np.int64), named.select(list(METADATA)).to_pandas())
