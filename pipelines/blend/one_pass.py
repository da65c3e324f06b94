"""Ranking in one pass: every channel is scored once a history; lists, sources and reasons are all read from that.

A channel's scores are put on a scale of their own mean and deviation over the films it can score and the history does
not hold, then summed with the channels' weights: the "weighted hybrid" of Burke, "Hybrid Recommender Systems", UMUAI
2002, on z-scores (Renda and Straccia, "Web metasearch: rank vs. score based rank aggregation methods", SAC 2003). For a
sparse film × film matrix mean and deviation come from the sums of what it scored, all else being 0; for factors u·Y
they follow from the sums of Y and YᵀY, without a pass over the films. A channel with nothing to tell apart is silent.

    ranking = OnePass(model)                                   # prepared once, memory-mapped arrays stay so
    for batch in ranking.batches(histories):                   # bounded memory, a few dozen histories each
        lists = batch.best(50, allowed=allowed)                # candidates, best first
        says = batch.says(lists)                               # each channel's standardised score of each candidate
        reasons = batch.reasons(lists, 10, 3)                  # what the first ten are due to

`candidate_scores` gives the same as one candidate × channel matrix, for learning weights or a second stage from.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from pipelines.blend.channels import Channel, channels_of
from pipelines.models.base import Model
from pipelines.models.parts import kernel
from pipelines.models.parts.fold_in import FoldIn
from pipelines.models.parts.item_side import BoolArray, Factors, Neighbours
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import FloatArray, Histories, IntArray

BATCH_BYTES = 96_000_000
"""Scores held at once, all channels together."""
LARGEST_BATCH = 64
FAINT = 1e-9
"""Deviations below this share of the mean are rounding: nothing is told apart."""


@dataclass(frozen=True)
class Reasons:
    """What the first films of some lists are due to.

    Attributes
    ----------
    indptr : int64 array, shape (n_lists + 1,)
        Explained films of each list.
    ratings : int64 array, shape (n_explained, n_reasons)
        Places in the histories' flat arrays, the largest share first.
    shares : float32 array, shape (n_explained, n_reasons)
        Shares of what spoke for the film, 0 to 1; 0 where there is no further reason.
    """

    indptr: IntArray
    ratings: IntArray
    shares: FloatArray


class OnePass:
    """A model's channels with their arrays, ready for any number of histories."""

    def __init__(self, model: Model, channels: list[Channel] | None = None) -> None:
        self.model = model
        self.channels = channels_of(model) if channels is None else channels
        self.n_items = model.n_items
        self.sides = [channel.model.item_side() for channel in self.channels]
        self.scored = np.array([side.scored for side in self.sides], dtype=np.bool_).reshape(-1, self.n_items)
        self.sparse = np.array([isinstance(side, Neighbours) for side in self.sides], dtype=np.bool_)
        self.personal = np.array([channel.model.personal for channel in self.channels], dtype=np.bool_)
        self.positive = np.array([[channel.weight > 0] for channel in self.channels], dtype=np.bool_)

    def batches(self, histories: Histories) -> Iterator[Scored]:
        """Score every history once, in order, a batch at a time; one batch's scores lie where the last one's lay."""
        self.model.check(histories)
        weights = [channel.weights(histories) for channel in self.channels]
        folds = [
            channel.model.fold_in(histories, weight) if isinstance(side, Factors) else None
            for channel, side, weight in zip(self.channels, self.sides, weights, strict=True)
        ]
        size = max(1, min(LARGEST_BATCH, BATCH_BYTES // max(1, 4 * self.n_items * len(self.channels))))
        buffer = np.empty((len(self.channels), min(size, len(histories)), self.n_items), dtype=np.float32)
        # small systems and thin products: handing each to several threads costs more than it saves
        with _libraries().limit(limits=1, user_api="blas"):
            for first, batch in histories.chunks(size):
                flat = slice(histories.indptr[first], histories.indptr[first + len(batch)])
                parts = [_part(fold, batch, flat) for fold in folds]
                block = buffer if len(batch) == buffer.shape[1] else np.empty_like(buffer[:, : len(batch)], order="C")
                yield self._score(first, batch, [weight[flat] for weight in weights], parts, block)

    def _score(
        self, first: int, batch: Histories, weights: list[FloatArray], folds: list[FoldIn | None], block: FloatArray
    ) -> Scored:
        """Fill ``block``, shape (n_channels, n_histories, n_items), and say how it is to be read."""
        shape = block.shape[:2]
        sums = np.zeros((*shape, 2))
        spoke = np.zeros(shape, dtype=np.bool_)
        for number, (side, fold) in enumerate(zip(self.sides, folds, strict=True)):
            if isinstance(side, Neighbours):
                kernel.add_rows(
                    side.indptr, side.indices, side.data, batch.indptr, batch.item_idx, weights[number], True,
                    sums[number], block[number],
                )  # fmt: skip
                spoke[number] = sums[number, :, 1] > 0
            elif fold is not None:
                sums[number] = _score_factors(side, fold, batch, block[number])
                read = np.bincount(batch.owner, weights=fold.curvature, minlength=len(batch)) > 0
                spoke[number] = read | (not self.personal[number])
        gain, shift = self._scale(batch, weights, sums, spoke)
        # neither popularity alone nor what speaks against films makes a list personal
        readers = self.personal & self.positive[:, 0]
        candidates = spoke & (spoke[readers].any(axis=0) if self.personal.any() else True) & self.positive
        return Scored(self, first, batch, weights, folds, block, gain, shift, candidates)

    def _scale(
        self, batch: Histories, weights: list[FloatArray], sums: NDArray[np.float64], spoke: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return what a channel's score is multiplied with and what is then added to standardise and weigh it."""
        gain, shift = np.zeros(spoke.shape, np.float32), np.zeros(spoke.shape, np.float32)
        for number, channel in enumerate(self.channels):
            if not channel.standardised:
                gain[number] = spoke[number]
                continue
            scored = self.scored[number]
            held = np.bincount(batch.owner, weights=scored[batch.item_idx], minlength=len(batch))
            n = np.maximum(scored.sum() - held, 1)
            mean = sums[number, :, 0] / n
            deviation = np.sqrt(np.maximum(sums[number, :, 1] / n - mean**2, 0))
            told = spoke[number] & (deviation > FAINT * np.maximum(np.abs(mean), 1e-30))
            loudness = channel.weight * channel.model.trust(batch, weights[number])
            scale = np.divide(loudness, deviation, out=np.zeros_like(mean), where=told)
            gain[number], shift[number] = scale, -scale * mean
        return gain, shift


@functools.cache
def _libraries() -> ThreadpoolController:
    """Return the libraries that start threads; looking for them takes longer than making a list."""
    return ThreadpoolController()


def _part(fold: FoldIn | None, batch: Histories, flat: slice) -> FoldIn | None:
    if fold is None:
        return None
    return FoldIn(fold.item_factors, fold.base, batch.indptr, batch.item_idx, fold.curvature[flat], fold.target[flat])


def _score_factors(side: Factors, fold: FoldIn, batch: Histories, rows: FloatArray) -> NDArray[np.float64]:
    """Write u·Y for each history; return sum and sum of squares over the films it does not hold."""
    users = side.complete(fold.solve(keep=True))
    narrow = users.astype(np.float32)
    np.matmul(narrow, side.columns, out=rows)
    held = np.where(side.scored[batch.item_idx], rows[batch.owner, batch.item_idx], 0).astype(np.float64)
    rows[batch.owner, batch.item_idx] = 0
    wide = narrow.astype(np.float64)
    first = wide @ side.first - np.bincount(batch.owner, weights=held, minlength=len(batch))
    second = ((wide @ side.second) * wide).sum(axis=1) - np.bincount(batch.owner, weights=held**2, minlength=len(batch))
    return np.column_stack((first, second))


@dataclass(frozen=True)
class Scored:
    """A batch of histories, every channel scored; what is asked of it is read, not worked out again.

    Attributes
    ----------
    first : int
        The place of the batch's first history among all.
    block : float32 array, shape (n_channels, n_histories, n_items)
        Scores as the channels' models give them; 0 for what a history holds.
    gain, shift : float32 arrays, shape (n_channels, n_histories)
        A channel's word for a film is ``gain * score + shift``; what is said for it is the sum.
    speaks : bool array, shape (n_channels, n_histories)
        Channels that make films candidates.
    """

    ranking: OnePass
    first: int
    histories: Histories
    weights: list[FloatArray]
    folds: list[FoldIn | None]
    block: FloatArray
    gain: FloatArray
    shift: FloatArray
    speaks: BoolArray

    def best(self, k: int, *, seen: Histories | None = None, allowed: BoolArray | None = None) -> Lists:
        """Return each history's k best candidates, score descending, movie_id ascending among equals.

        Parameters
        ----------
        seen : Histories, optional
            Films never to be listed, a row a history; by default what the histories hold, which never is.
        allowed : bool array, shape (n_items,), optional
        """
        n, seen = len(self.histories), self.histories if seen is None else seen
        k = max(0, min(k, self.ranking.n_items))
        items, scores = np.empty((n, k), dtype=np.int32), np.empty((n, k), dtype=np.float32)
        counts = np.zeros(n, dtype=np.int64)
        mask = np.ones(self.ranking.n_items, dtype=np.bool_) if allowed is None else allowed
        kernel.best(
            self.block, self.gain, self.shift, self.speaks, self.ranking.scored, self.ranking.sparse, mask,
            seen.indptr, seen.item_idx, items, scores, counts,
        )  # fmt: skip
        kept = np.arange(k) < counts[:, None]
        return Lists(np.concatenate(([0], np.cumsum(counts))), items[kept], scores[kept])

    def totals(self) -> FloatArray:
        """Return every film's weighted sum for each history, -inf for what is no candidate; as `best` works it out."""
        total = np.empty(self.block.shape[1:], dtype=np.float32)
        total[:] = self.shift.sum(axis=0, dtype=np.float32)[:, None]
        candidate = np.zeros(total.shape, dtype=np.bool_)
        for number, scores in enumerate(self.block):
            total += self.gain[number][:, None] * scores
            scored = self.ranking.scored[number] & ((scores != 0) | ~self.ranking.sparse[number])
            candidate |= self.speaks[number][:, None] & scored
        candidate[self.histories.owner, self.histories.item_idx] = False
        return np.where(candidate, total, np.float32(-np.inf))

    def says(self, lists: Lists) -> FloatArray:
        """Return each channel's weighted word for each listed film, float32, shape (n_listed, n_channels)."""
        owner = np.repeat(np.arange(len(lists)), np.diff(lists.indptr))
        raw = self.block[:, owner, lists.item_idx]
        return np.ascontiguousarray((self.gain[:, owner] * raw + self.shift[:, owner]).T)

    def reasons(self, lists: Lists, explained: int, n_reasons: int) -> Reasons:
        """Work out what each rating gave to the first films of each list, exactly; the largest shares of it remain.

        A dislike is no reason, also where a protocol counts every rating alike or a model reads it as a low one.
        """
        histories = self.histories
        counts = np.minimum(np.diff(lists.indptr), explained)
        indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        flat = np.arange(indptr[-1]) + np.repeat(lists.indptr[:-1] - indptr[:-1], counts)
        listed = lists.item_idx[flat]
        cells = np.concatenate(([0], np.cumsum(counts * histories.lengths))).astype(np.int64)
        added = np.zeros(cells[-1], dtype=np.float32)
        speaks = ~histories.disliked
        for number, side in enumerate(self.ranking.sides):
            gain, fold = self.gain[number], self.folds[number]
            if not self.ranking.positive[number]:
                continue  # what speaks against films is no reason for one
            if isinstance(side, Neighbours):
                kernel.add_shares(
                    side.indptr, side.indices, side.data, histories.indptr, histories.item_idx,
                    self.weights[number] * speaks, gain, indptr, listed, cells, added,
                )  # fmt: skip
            elif fold is not None and self.ranking.personal[number]:
                for row in np.flatnonzero((gain != 0) & (counts > 0) & (histories.lengths > 0)).tolist():
                    given = fold.contributions(row, listed[indptr[row] : indptr[row + 1]])
                    given *= speaks[histories.indptr[row] : histories.indptr[row + 1]]
                    added[cells[row] : cells[row + 1]] += (gain[row] * given).ravel().astype(np.float32)
        ratings = np.zeros((len(listed), n_reasons), dtype=np.int64)
        shares = np.zeros((len(listed), n_reasons), dtype=np.float32)
        kernel.largest_shares(histories.indptr, indptr, cells, added, ratings, shares)
        return Reasons(indptr, ratings, shares)


@dataclass(frozen=True)
class Candidates:
    """The candidates of some histories and what every channel says of each.

    Attributes
    ----------
    lists : Lists
        Candidates of each history, best first by the blend's sum, which are ``lists.scores``.
    says : float32 array, shape (n_candidates, n_channels)
        Standardised scores, not weighted; columns as in ``channels``.
    channels : list of str
    """

    lists: Lists
    says: FloatArray
    channels: list[str]


def candidate_scores(
    model: Model, histories: Histories, k: int, channels: list[Channel] | None = None, *, seen: Histories | None = None
) -> Candidates:
    """Return each history's k best candidates under the channels' weights, with the candidate × channel matrix.

    Parameters
    ----------
    channels : list of Channel, optional
        By default the model's own; others may be given, each with a weight other than 0, for weights to be learned.
    """
    ranking = OnePass(model, channels)
    weights = np.array([channel.weight for channel in ranking.channels], dtype=np.float32)
    lists, says = [], []
    for batch in ranking.batches(histories):
        rows = None if seen is None else seen.take(np.arange(batch.first, batch.first + len(batch.histories)))
        lists.append(batch.best(k, seen=rows))
        says.append(batch.says(lists[-1]) / weights)
    empty = np.zeros((0, len(weights)), dtype=np.float32)
    return Candidates(Lists.concatenate(lists), np.concatenate([empty, *says]), [c.name for c in ranking.channels])
