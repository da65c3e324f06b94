"""Histories and their weights: all that a model ever sees of a person.

A history is what somebody rated: film, rating, time, oldest first. `weigh` turns it into the weights that the
models read, from the rating and from how many ratings ago it was given. The clock is never asked, so the same
history weighs the same tonight, tomorrow and in the live path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

IntArray = NDArray[np.int64]
ItemArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]

KEPT_OWNERS = 100_000
"""Ratings of histories that keep whose each one is: a batch, not everybody's."""
WEIGHED_AT_ONCE = 1_000
"""Histories whose ratings are weighed together: so few that what is worked out in between stays in the cache."""
DISLIKED_TO = 2.0
"""Stars up to which a rating is a dislike; a skip stands for two."""


@dataclass(frozen=True)
class Histories:
    """Many people's histories in one set of flat arrays (rows of a CSR matrix, in time order).

    Attributes
    ----------
    indptr : int64 array, shape (n_histories + 1,)
        History ``u`` is the slice ``indptr[u]:indptr[u + 1]`` of the other arrays.
    item_idx : int32 array, shape (n_ratings,)
        Positions in the model's `Films`; ordered by (rated_at, item_idx) within a history.
    ratings : float32 array, shape (n_ratings,)
        0.5-5.0 stars.
    rated_at : int64 array, shape (n_ratings,)
        Seconds since 1970-01-01 UTC; only its order and its ties are used.
    """

    indptr: IntArray
    item_idx: ItemArray
    ratings: FloatArray
    rated_at: IntArray

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def lengths(self) -> IntArray:
        """Ratings of each history, shape (n_histories,)."""
        return np.diff(self.indptr)

    @property
    def owner(self) -> IntArray:
        """The history each rating belongs to, shape (n_ratings,); kept where it is small, as a batch asks often."""
        owner: IntArray | None = self.__dict__.get("_owner")
        if owner is None:
            owner = np.repeat(np.arange(len(self)), self.lengths)
            if len(owner) <= KEPT_OWNERS:
                owner.flags.writeable = False
                self.__dict__["_owner"] = owner
        return owner

    @property
    def disliked(self) -> NDArray[np.bool_]:
        """Whether each rating is a dislike, which never speaks for a film, shape (n_ratings,)."""
        return self.ratings <= DISLIKED_TO

    @classmethod
    def from_columns(
        cls, user_idx: ArrayLike, item_idx: ArrayLike, ratings: ArrayLike, rated_at: ArrayLike, n_histories: int
    ) -> Histories:
        """Group loose rows into histories and put each in the order (rated_at, item_idx).

        Parameters
        ----------
        user_idx : int array, shape (n_ratings,)
            The history of each row, 0 to ``n_histories - 1``; histories without a row are empty.
        item_idx, ratings, rated_at : arrays, shape (n_ratings,)
            As in the attributes; rows may come in any order, at most one a history and film.
        """
        users = np.asarray(user_idx, dtype=np.int64)
        items = np.asarray(item_idx, dtype=np.int32)
        times = np.asarray(rated_at, dtype=np.int64)
        indptr = np.zeros(n_histories + 1, dtype=np.int64)
        np.cumsum(np.bincount(users, minlength=n_histories), out=indptr[1:])
        stars = np.asarray(ratings, dtype=np.float32)
        order = time_order(users, items, times)
        return (
            cls(indptr, items, stars, times) if order is None else cls(indptr, items[order], stars[order], times[order])
        )

    @classmethod
    def single(cls, item_idx: ArrayLike, ratings: ArrayLike, rated_at: ArrayLike) -> Histories:
        """Make one person's history, as the live path needs it."""
        items = np.asarray(item_idx, dtype=np.int32)
        return cls.from_columns(np.zeros(len(items), dtype=np.int64), items, ratings, rated_at, 1)

    def take(self, rows: ArrayLike) -> Histories:
        """Return the histories at ``rows``, in that order."""
        wanted = np.asarray(rows, dtype=np.int64)
        lengths = self.lengths[wanted]
        indptr = np.concatenate(([0], np.cumsum(lengths)))
        flat = np.arange(indptr[-1]) + np.repeat(self.indptr[wanted] - indptr[:-1], lengths)
        return Histories(indptr, self.item_idx[flat], self.ratings[flat], self.rated_at[flat])

    def keep(self, kept: NDArray[np.bool_]) -> Histories:
        """Return as many histories with only some of their ratings.

        Parameters
        ----------
        kept : bool array, shape (n_ratings,)
        """
        running: IntArray = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept, dtype=np.int64)))
        return Histories(running[self.indptr], self.item_idx[kept], self.ratings[kept], self.rated_at[kept])

    def chunks(self, size: int) -> Iterator[tuple[int, Histories]]:
        """Yield (first row, histories) in pieces of at most ``size`` histories, without copying ratings."""
        for start in range(0, len(self), size):
            stop = min(start + size, len(self))
            low, high = self.indptr[start], self.indptr[stop]
            flat = slice(low, high)
            indptr = self.indptr[start : stop + 1] - low
            yield start, Histories(indptr, self.item_idx[flat], self.ratings[flat], self.rated_at[flat])

    def matrix(self, weights: FloatArray, n_items: int) -> sp.csr_matrix:
        """Return ``weights`` as a fresh CSR matrix without zeros, shape (n_histories, n_items); rows are people."""
        shape = (len(self), n_items)
        matrix = sp.csr_matrix((weights, self.item_idx, self.indptr), shape=shape, copy=True)
        matrix.eliminate_zeros()
        return matrix


class WeightRule(BaseModel):
    """How a rating and its place in the history become a weight of at least 0.

    ``weight = (rating / 5) ** power * (dislike if rating < like_from else 1) * max(decay ** ago, floor)`` where
    ``ago`` counts the ratings that the same person gave strictly later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    power: float = Field(1.0, ge=0, le=8, description="Exponent of rating / 5; 0 makes all likes equal.")
    like_from: float = Field(0.5, ge=0.5, le=5, description="Stars from which a rating counts as a like.")
    dislike: float = Field(0.0, ge=0, le=1, description="Factor for ratings under like_from; 0 ignores them.")
    decay: float = Field(1.0, gt=0, le=1, description="Factor for each later rating; 1 forgets nothing.")
    floor: float = Field(0.0, ge=0, le=1, description="The recency factor never falls below this.")
    every_rating: bool = Field(True, description="Whether a dislike weighs what its stars say; else nothing.")
    most_read: int | None = Field(
        None, ge=1, description="Of a longer history only so many ratings are read, those that weigh most; none: all."
    )


class HistoryRule(WeightRule):
    """How a history is read: as `WeightRule` says, but a dislike weighs nothing.

    A fixed line, not the person's own mean: on the validation parts of ml-latest-small and ml-100k no line by the own
    mean was better for certain, and the mean itself was worse on ml-100k (docs/ranking.md has the figures).
    """

    every_rating: bool = Field(
        False, description="Whether a dislike is read as any rating is: only where a protocol counts all alike."
    )


def time_order(user_idx: IntArray, item_idx: ItemArray, rated_at: IntArray) -> IntArray | None:
    """Return the places of the ratings by (user_idx, rated_at, item_idx); None where they are in that order already.

    What comes from the lake is; looking costs a fraction of sorting.
    """
    before, after = slice(None, -1), slice(1, None)
    later = (rated_at[after] > rated_at[before]) | (
        (rated_at[after] == rated_at[before]) & (item_idx[after] >= item_idx[before])
    )
    in_order = (user_idx[after] > user_idx[before]) | ((user_idx[after] == user_idx[before]) & later)
    return None if in_order.all() else np.lexsort((item_idx, rated_at, user_idx))


def ratings_ago(histories: Histories) -> IntArray:
    """Count, for each rating, the ratings of the same history with a strictly later time.

    Equal times share a place: four films rated in the same second are all equally recent.

    Returns
    -------
    int64 array, shape (n_ratings,)
    """
    n = len(histories.item_idx)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    ends = histories.indptr[1:]
    differs = histories.rated_at[1:] != histories.rated_at[:-1]
    differs[ends[(ends > 0) & (ends < n)] - 1] = True
    group_end = np.append(np.flatnonzero(differs), n - 1)
    last_of_group = np.repeat(group_end, np.diff(group_end, prepend=-1))
    ago: IntArray = np.repeat(ends - 1, histories.lengths) - last_of_group
    return ago


def weigh(histories: Histories, rule: WeightRule) -> FloatArray:
    """Return the weight of each rating under ``rule``, float32, shape (n_ratings,), all at least 0."""
    parts = [_weigh(part, rule) for _, part in histories.chunks(WEIGHED_AT_ONCE)]
    return np.concatenate([np.zeros(0, np.float32), *parts]) if len(parts) != 1 else parts[0]


def _weigh(histories: Histories, rule: WeightRule) -> FloatArray:
    weights = (histories.ratings.astype(np.float64) / 5.0) ** rule.power
    weights = np.where(histories.ratings < rule.like_from, weights * rule.dislike, weights)
    if not rule.every_rating:
        weights = np.where(histories.disliked, 0, weights)
    if rule.decay < 1:
        weights = weights * np.maximum(rule.decay ** ratings_ago(histories).astype(np.float64), rule.floor)
    found: FloatArray = weights.astype(np.float32)
    return found if rule.most_read is None else _loudest(found, histories, rule.most_read)


def _loudest(weights: FloatArray, histories: Histories, count: int) -> FloatArray:
    """Return the weights with all but each history's ``count`` largest at 0; among equals the latest are kept."""
    long = np.flatnonzero(histories.lengths > count).tolist()
    if not long:
        return weights
    kept = weights.copy()
    for row in long:
        own = weights[histories.indptr[row] : histories.indptr[row + 1]]
        least = np.partition(own, len(own) - count)[len(own) - count]
        read = own > least
        equal = np.flatnonzero(own == least)
        read[equal[len(equal) - (count - int(read.sum())) :]] = True
        kept[histories.indptr[row] : histories.indptr[row + 1]][~read] = 0
    return kept
