"""A batch of histories as one pass leaves it: totals and candidates, from which lists and their reasons are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipelines.blend import kernel, kernel_reasons
from pipelines.blend.matrices import Matrix
from pipelines.blend.products import Product
from pipelines.models.parts.item_side import BoolArray
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import FloatArray, Histories, IntArray, ItemArray


@dataclass(frozen=True)
class Explained:
    """What is said for listed films, and what the first ones of each list are due to.

    Attributes
    ----------
    says : float32 array, shape (n_listed, n_channels)
        Each channel's weighted word for each listed film; they sum to its score.
    indptr : int64 array, shape (n_lists + 1,)
        Films with reasons, a list.
    ratings : int64 array, shape (n_with_reasons, n_reasons)
        Places in the batch's flat arrays, the largest share first.
    shares : float32 array, shape (n_with_reasons, n_reasons)
        Shares of what spoke for the film, 0 to 1; 0 where there is no further reason.
    """

    says: FloatArray
    indptr: IntArray
    ratings: IntArray
    shares: FloatArray


@dataclass(frozen=True)
class Readers:
    """Who reads histories: what is the same for every batch.

    Attributes
    ----------
    positive, personal : bool arrays, shape (n_channels,)
        Channels that speak for films, and those that depend on the history.
    matrices : list of Matrix
    """

    positive: BoolArray
    personal: BoolArray
    matrices: list[Matrix]


class Room(NamedTuple):
    """Room for the kernels to work in, one history after another: arrays of shape (n_items,).

    Attributes
    ----------
    row : float32 array, all 0
    met : bool array, all False
    place : int32 array, all 0
    films : int32 array, whatever it holds
    """

    row: FloatArray
    met: BoolArray
    place: ItemArray
    films: ItemArray

    @classmethod
    def of(cls, n_items: int) -> Room:
        """Make room for so many films."""
        integers = np.zeros((2, n_items), np.int32)
        return cls(np.zeros(n_items, np.float32), np.zeros(n_items, np.bool_), *integers)


@dataclass(frozen=True)
class Scored:
    """A batch of histories, every channel scored.

    Attributes
    ----------
    readers : Readers
    first : int
        The place of the batch's first history among all.
    histories : Histories
    weights : float32 array, shape (n_channels, n_ratings)
    products : dict of channel to Product
        What factor models say.
    total : float32 array, shape (n_histories, n_items)
        What the channels say together but for their shifts, also of films that are no candidates.
    candidate : bool array, shape (n_histories, n_items)
        Films that a channel speaks for; what a history holds may be among them and is never listed.
    gain, shift : float32 arrays, shape (n_channels, n_histories)
        A channel's word for a film is ``gain * score + shift``; a film's score is their sum.
    room : Room
    """

    readers: Readers
    first: int
    histories: Histories
    weights: FloatArray
    products: dict[int, Product]
    total: FloatArray
    candidate: BoolArray
    gain: FloatArray
    shift: FloatArray
    room: Room

    @property
    def constant(self) -> FloatArray:
        """What makes a total a score, the same for every film of a history, float32, shape (n_histories,)."""
        constant: FloatArray = self.shift.sum(axis=0)
        return constant

    def best(self, k: int, *, allowed: BoolArray | None = None) -> Lists:
        """Return each history's k best candidates that it does not hold, score descending, movie_id ascending.

        Parameters
        ----------
        allowed : bool array, shape (n_items,), optional
        """
        n, n_items = self.total.shape
        histories, k = self.histories, max(0, min(k, n_items))
        items, scores = np.empty((n, k), dtype=np.int32), np.empty((n, k), dtype=np.float32)
        counts = np.zeros(n, dtype=np.int64)
        mask = np.ones(n_items, dtype=np.bool_) if allowed is None else allowed
        kernel.best(
            self.total, self.constant, self.candidate, mask, histories.indptr, histories.item_idx, items, scores, counts
        )
        kept = np.arange(k) < counts[:, None]
        return Lists(np.concatenate(([0], np.cumsum(counts))), items[kept], scores[kept])

    def scores(self) -> FloatArray:
        """Return every film's score for each history, -inf for what cannot be listed."""
        scores = np.where(self.candidate, self.total + self.constant[:, None], np.float32(-np.inf))
        scores[self.histories.owner, self.histories.item_idx] = -np.inf
        return scores

    def explain(self, lists: Lists, explained: int = 0, n_reasons: int = 0) -> Explained:
        """Work out what each channel says of each listed film, and what each rating gave to the first of each list.

        That is exact: a total is a sum over channels, a channel's score one over ratings. A dislike is no reason, also
        where a protocol counts every rating alike or a model reads it as a low one; nor is what speaks against films.

        Parameters
        ----------
        explained : int
            How many films of each list get reasons.
        n_reasons : int
            How many ratings of the largest shares are kept of each.
        """
        histories, n_listed = self.histories, len(lists.item_idx)
        counts = np.minimum(np.diff(lists.indptr), explained).astype(np.int64)
        indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        cells = np.concatenate(([0], np.cumsum(counts * histories.lengths))).astype(np.int64)
        added = np.zeros(cells[-1], dtype=np.float32)
        raw = np.zeros((n_listed, len(self.gain)), dtype=np.float32)
        for matrix in self.readers.matrices:
            side, weights = matrix.side, self.weights[matrix.channels]
            kernel_reasons.read_back(
                side.indptr, side.indices, side.data, histories.indptr, histories.item_idx, weights, matrix.channels,
                self._for_films(matrix), lists.indptr, lists.item_idx, counts, cells, self.room.place, self.room.films,
                raw, added,
            )  # fmt: skip
        owner = np.repeat(np.arange(len(lists)), np.diff(lists.indptr))
        for channel, product in self.products.items():
            raw[:, channel] = product.rows[owner, lists.item_idx]
            self._add_factors(channel, lists, counts, cells, added)
        ratings = np.zeros((indptr[-1], n_reasons), dtype=np.int64)
        shares = np.zeros((indptr[-1], n_reasons), dtype=np.float32)
        kernel_reasons.largest_shares(histories.indptr, indptr, cells, added, ratings, shares)
        return Explained(self.gain.T[owner] * raw + self.shift.T[owner], indptr, ratings, shares)

    def _for_films(self, matrix: Matrix) -> FloatArray:
        """Return what each rating weighs for films, all readers of a matrix together, float32, shape (n_ratings,)."""
        total = np.zeros(len(self.histories.item_idx), dtype=np.float32)
        owner = self.histories.owner
        for channel in matrix.channels[self.readers.positive[matrix.channels]]:
            total += self.gain[channel][owner] * self.weights[channel]
        return np.where(self.histories.disliked, np.float32(0), total)

    def _add_factors(self, channel: int, lists: Lists, counts: IntArray, cells: IntArray, added: FloatArray) -> None:
        """Add what each rating gives to the first films of each list through a factor model."""
        if not (self.readers.positive[channel] and self.readers.personal[channel]):
            return
        histories, gain = self.histories, self.gain[channel]
        for row in np.flatnonzero((gain != 0) & (counts > 0) & (histories.lengths > 0)).tolist():
            listed = lists.item_idx[lists.indptr[row] : lists.indptr[row] + counts[row]]
            given = self.products[channel].fold.contributions(row, listed)
            given *= ~histories.disliked[histories.indptr[row] : histories.indptr[row + 1]]
            added[cells[row] : cells[row + 1]] += (gain[row] * given).ravel().astype(np.float32)
