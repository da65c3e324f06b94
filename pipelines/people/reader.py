"""Everybody's histories and every film, read from the lake's data sets as the models need them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from pipelines.films.films import Films
from pipelines.films.tags import Tags, tags_of
from pipelines.people.history import Histories, IntArray
from warehouse.builds import built_file
from warehouse.errors import EmptyLakeError
from warehouse.folder import DataFolder

COLUMNS = {
    "user_id": np.int32,
    "movie_id": np.int32,
    "rating": np.float32,
    "rated_at": np.int64,
    "sources": np.int32,
}
"""What is read of an interaction, as it is kept: people and sources as numbers, times in seconds."""
BATCH_ROWS = 500_000
SORTED_PEOPLE = 4096
"""People whose ratings are sorted at once: bounds what sorting holds besides the arrays."""
METADATA = ("title", "year", "genres", "keywords", "cast_names", "directors", "tags", "overview", "language")


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
    sources : pyarrow array of strings, dictionary-encoded when it is read from the lake
        Where each rating came from, in the order of the histories' ratings.
    """

    user_ids: list[str]
    histories: Histories
    movie_ids: IntArray
    sources: pa.Array

    def take(self, rows: IntArray) -> People:
        """Return the people at ``rows``, in that order."""
        old = self.histories
        lengths = old.lengths[rows]
        bounds = np.concatenate(([0], np.cumsum(lengths)))
        flat = np.arange(bounds[-1]) + np.repeat(old.indptr[rows] - bounds[:-1], lengths)
        user_ids = [self.user_ids[row] for row in rows]
        return People(user_ids, old.take(rows), self.movie_ids, self.sources.take(pa.array(flat)))

    def places_of(self, user_ids: Collection[str]) -> IntArray:
        """Return the rows of those of these people who are here, ascending."""
        wanted = frozenset(user_ids)
        return np.array([row for row, user_id in enumerate(self.user_ids) if user_id in wanted], dtype=np.int64)

    def histories_in(self, films: Films) -> Histories:
        """Return the histories in a model's positions; ratings of films it does not know are left out."""
        old = self.histories
        places = films.index_of(self.movie_ids).astype(np.int32)
        if np.array_equal(places, np.arange(len(places))):
            return old
        items = places[old.item_idx]
        kept = items >= 0
        if kept.all():
            return Histories(old.indptr, items, old.ratings, old.rated_at)
        return Histories(old.indptr, items, old.ratings, old.rated_at).keep(kept)


def one_person(movie_ids: ArrayLike, ratings: ArrayLike, rated_at: ArrayLike) -> People:
    """Return one history as the jobs' people, one of them; ratings may come in any order."""
    ids = np.asarray(movie_ids, dtype=np.int64)
    distinct, items = np.unique(ids, return_inverse=True)
    history = Histories.single(items, ratings, rated_at)
    return People([""], history, distinct, pa.nulls(len(ids), pa.string()))


def read_people(folder: DataFolder) -> People:
    """Read the built ``interactions`` some rows at a time into arrays of their final size, and sort those in place.

    Raises
    ------
    DamagedFileError
        If the file is not what the build wrote.
    EmptyLakeError
        If the warehouse has not been built, or holds no rating.
    """
    path = built_file(folder, "interactions")
    with pq.ParquetFile(path, read_dictionary=["user_id"]) as file:
        if file.metadata.num_rows == 0:
            raise EmptyLakeError(f"{path} holds no rating; ingest a data set with ratings first")
        rows, names, kinds = _read_rows(file)
    user_ids, movie_ids = sorted(names), _distinct(rows["movie_id"])
    places = np.empty(len(names), dtype=np.int32)
    places[[names[user_id] for user_id in user_ids]] = np.arange(len(names))
    np.take(places, rows["user_id"], out=rows["user_id"], mode="clip")  # "raise" would copy what it writes
    item_idx = _positions(rows["movie_id"], movie_ids)
    indptr = _by_person_and_time(rows, item_idx, len(user_ids))
    histories = Histories(indptr, item_idx, rows["rating"], rows["rated_at"])
    sources = pa.DictionaryArray.from_arrays(rows["sources"], pa.array(list(kinds), type=pa.string()))
    return People(user_ids, histories, movie_ids, sources)


def _read_rows(file: pq.ParquetFile) -> tuple[dict[str, Any], dict[str, int], dict[str, int]]:
    """Return the columns in file order, and the numbers that stand for people and for sources in them."""
    n_rows = file.metadata.num_rows
    rows: dict[str, Any] = {name: np.empty(n_rows, dtype) for name, dtype in COLUMNS.items()}
    names: dict[str, int] = {}
    kinds: dict[str, int] = {}
    start = 0
    for batch in _read_ahead(file.iter_batches(BATCH_ROWS, columns=list(COLUMNS))):
        part = slice(start, start + batch.num_rows)
        start += batch.num_rows
        rows["user_id"][part] = _numbered(batch["user_id"], names)
        rows["movie_id"][part] = batch["movie_id"].to_numpy()
        rows["rating"][part] = batch["rating"].to_numpy()
        micros = batch["rated_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        np.floor_divide(micros.to_numpy(), 1_000_000, out=rows["rated_at"][part])
        rows["sources"][part] = _numbered(pc.binary_join(batch["sources"], "+"), kinds)
    return rows, names, kinds


def _read_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches while a thread reads the next one."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


def _numbered(values: pa.Array, numbers: dict[str, int]) -> NDArray[np.int32]:
    """Return each value's number; a value without one is given the next in ``numbers``."""
    coded = values if isinstance(values.type, pa.DictionaryType) else values.dictionary_encode()
    known = [numbers.setdefault(value, len(numbers)) for value in coded.dictionary.to_pylist()]
    found: NDArray[np.int32] = np.array(known, dtype=np.int32)[coded.indices.to_numpy()]
    return found


def _distinct(movie_ids: NDArray[np.int32]) -> IntArray:
    return np.sort(pc.unique(pa.array(movie_ids)).to_numpy()).astype(np.int64)


def _positions(movie_ids: NDArray[np.int32], distinct: IntArray) -> NDArray[np.int32]:
    """Return each film's place among the distinct ones, in the array that held the ids."""
    index = pd.Index(distinct)
    for start in range(0, len(movie_ids), BATCH_ROWS):
        part = movie_ids[start : start + BATCH_ROWS]
        part[:] = index.get_indexer(pd.Index(part))
    return movie_ids


def _by_person_and_time(rows: dict[str, Any], item_idx: NDArray[np.int32], n_people: int) -> IntArray:
    """Put every column into the order (person, rated_at, item_idx), in place, and return each person's bounds."""
    users, seconds = rows["user_id"], rows["rated_at"]
    columns = [rows[name] for name in ("rating", "sources")]
    rising = (users[1:] > users[:-1]) | ((users[1:] == users[:-1]) & (item_idx[1:] > item_idx[:-1]))
    if not rising.all():  # the build writes them by person and film; nothing says that it must
        order = np.lexsort((item_idx, users))
        for column in (users, item_idx, seconds, *columns):
            column[:] = column[order]
    indptr = np.searchsorted(users, np.arange(n_people + 1, dtype=users.dtype)).astype(np.int64)
    for first in range(0, n_people, SORTED_PEOPLE):
        part = slice(indptr[first], indptr[min(first + SORTED_PEOPLE, n_people)])
        # the person in the upper bits, the second in the 43 lower ones: one stable sort, and equals keep their order
        since = seconds[part] - seconds[part].min()
        order = np.argsort((users[part].astype(np.int64) - first) << 43 | since, kind="stable")
        for column in (item_idx, seconds, *columns):
            column[part] = column[part][order]
    return indptr


def read_tags(folder: DataFolder, people: People, films: Films) -> Tags | None:
    """Read the built ``tags``; None where the build is older than they are.

    Raises
    ------
    DamagedFileError
        If the file is not what the build wrote.
    """
    if not folder.dataset("tags").exists():
        return None
    table = pq.read_table(built_file(folder, "tags"))
    seconds = table["tagged_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy() // 1_000_000
    return tags_of(
        table["user_id"].to_pylist(), people.user_ids, table["movie_id"].to_numpy(), seconds,
        table["tag"].to_pylist(), films,
    )  # fmt: skip


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
