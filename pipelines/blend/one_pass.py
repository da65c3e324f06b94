"""Ranking in one pass: every channel is scored once a history; lists, sources and reasons are all read from that.

A channel's scores are put on a scale of their own mean and deviation over the films it can score and the history does
not hold, then summed with the channels' weights: the "weighted hybrid" of Burke, "Hybrid Recommender Systems", UMUAI
2002, on z-scores (Renda and Straccia, "Web metasearch: rank vs. score based rank aggregation methods", SAC 2003). For a
sparse film × film matrix mean and deviation come from the sums of what it scored, all else being 0; for factors u·Y
they follow from the sums of Y and YᵀY, without a pass over the films. A channel with nothing to tell apart is silent.

    ranking = OnePass(model)                                   # prepared once, memory-mapped arrays stay so
    for batch in ranking.batches(histories):                   # bounded memory, a few dozen histories each
        lists = batch.best(50, allowed=allowed)                # candidates, best first
        words = batch.explain(lists, 10, 3)                    # each channel's word for each, reasons for the first ten

Only totals are kept of a batch; what each channel says is read again for the listed films alone. `candidate_scores`
gives that as one candidate × channel matrix, for learning weights or a second stage from.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from pipelines.blend import kernel, kernel_reasons
from pipelines.blend.channels import Channel, channels_of, weights_of
from pipelines.blend.matrices import matrices_of
from pipelines.blend.products import LARGEST_PRODUCT, product_of, room_for
from pipelines.blend.scored import Readers, Room, Scored
from pipelines.models.base import Model
from pipelines.models.parts.compiled import prepare
from pipelines.models.parts.item_side import BoolArray, Factors
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import FloatArray, Histories

BATCH_BYTES = 16_000_000
"""Totals held at once: few enough to be still in the processor's cache when lists are read from them."""
LARGEST_BATCH = 64
PART = 2 * LARGEST_PRODUCT
"""Histories that a thread scores before it takes the next ones."""
MOST_THREADS = 8
"""Each holds scores of its own; of more the interpreter's lock would keep some waiting."""

Found = TypeVar("Found")

Sums = NDArray[np.float64]


class OnePass:
    """A model's channels with their arrays, ready for any number of histories."""

    def __init__(self, model: Model, channels: list[Channel] | None = None) -> None:
        self.model = model
        self.channels = channels_of(model) if channels is None else channels
        self.n_items = model.n_items
        sides = [channel.model.item_side() for channel in self.channels]
        self.scored = np.array([side.scored for side in sides], dtype=np.bool_).reshape(-1, self.n_items)
        self.n_scored = self.scored.sum(axis=1)
        self.factors = {number: side for number, side in enumerate(sides) if isinstance(side, Factors)}
        positive = np.array([channel.weight > 0 for channel in self.channels], dtype=np.bool_)
        personal = np.array([channel.model.personal for channel in self.channels], dtype=np.bool_)
        self.readers = Readers(positive, personal, matrices_of(self.channels))

    def each(self, histories: Histories, read: Callable[[Scored], Found]) -> Iterator[Found]:
        """Score every history once and yield what ``read`` makes of each batch, in order; a thread a core.

        Kernels and products let go of the interpreter. Where one thread's histories end is where a batch ends anyway,
        so that how many threads there are changes no score.
        """
        if len(histories) <= PART:
            yield from map(read, self.batches(histories))
            return

        def part(start: int) -> list[Found]:
            own = histories.take(np.arange(start, min(start + PART, len(histories))))
            return [read(batch) for batch in self.batches(own, start)]

        threads = min(MOST_THREADS, os.cpu_count() or 1)
        # `batches` sets and restores the same limit in each thread
        with _libraries().limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
            for found in pool.map(part, range(0, len(histories), PART)):
                yield from found

    def batches(self, histories: Histories, first: int = 0) -> Iterator[Scored]:
        """Score every history once, in order, a batch at a time; one batch's scores lie where the last one's lay.

        Parameters
        ----------
        first : int
            The place of the first history among all, which is told in each batch.
        """
        self.model.check(histories)
        weights = weights_of(self.channels, histories)
        folds = {number: self.channels[number].model.fold_in(histories, weights[number]) for number in self.factors}
        n, n_items = len(histories), self.n_items
        rows = {number: room_for(side, n, n_items) for number, side in self.factors.items()}
        group = min((len(own) for own in rows.values()), default=max(1, n))
        size = max(1, min(LARGEST_BATCH, BATCH_BYTES // max(1, 5 * n_items), n))
        total, candidate = np.empty((size, n_items), np.float32), np.empty((size, n_items), np.bool_)
        room = Room.of(n_items)
        # small systems and thin products: handing each to several threads costs more than it saves
        with _libraries().limit(limits=1, user_api="blas"):
            for start, many in histories.chunks(group):
                products = {}
                for number, side in self.factors.items():
                    own, fold = rows[number][: len(many)], folds[number].part(start, start + len(many))
                    products[number] = product_of(side, fold, many, own)
                for begin, batch in many.chunks(size):
                    stop, n_batch = begin + len(batch), len(batch)
                    flat = slice(histories.indptr[start + begin], histories.indptr[start + stop])
                    scored = Scored(
                        self.readers, first + start + begin, batch, weights[:, flat],
                        {number: product.part(begin, stop) for number, product in products.items()},
                        total[:n_batch], candidate[:n_batch], gain=np.zeros((len(weights), n_batch), np.float32),
                        shift=np.zeros((len(weights), n_batch), np.float32), room=room,
                    )  # fmt: skip
                    self._score(scored)
                    yield scored

    def _score(self, batch: Scored) -> None:
        """Fill a batch's totals, candidates, gains and shifts."""
        histories, positive, personal = batch.histories, self.readers.positive, self.readers.personal
        spoke, room = np.zeros(batch.gain.shape, dtype=np.bool_), batch.room
        loudness, n_scored = self._loudness(batch)
        for number, product in batch.products.items():
            spoke[number] = product.read | (not personal[number])
            self._scale(batch, number, product.sums, n_scored[number], loudness[number], spoke[number])
        matrices = [
            (
                matrix.side.indptr, matrix.side.indices, matrix.side.data, histories.indptr, histories.item_idx,
                matrix.added(batch.weights), matrix.goes_on, matrix.channels, loudness, n_scored[matrix.channels[0]],
                positive, matrix.standardised, room.row, room.films, room.met, batch.total, batch.candidate, batch.gain,
                batch.shift, spoke,
            )
            for matrix in self.readers.matrices
        ]  # fmt: skip
        for p in range(len(histories)):
            total, candidate = batch.total[p], batch.candidate[p]
            total.fill(0)
            candidate.fill(False)
            for number, product in batch.products.items():
                if spoke[number, p]:
                    scored, gain = self.scored[number], batch.gain[number, p]
                    kernel.add_dense(product.rows[p], scored, gain, positive[number], total, candidate)
            for matrix in matrices:
                kernel.add_sparse(p, *matrix)
        # neither popularity alone nor what speaks against films makes a list personal
        if personal.any():
            batch.candidate[~spoke[personal & positive].any(axis=0)] = False

    def _loudness(self, batch: Scored) -> tuple[FloatArray, Sums]:
        """Return what a deviation of each channel counts, and over how many films it is taken; a column a history."""
        histories = batch.histories
        loudness, n_scored = np.empty(batch.gain.shape, dtype=np.float32), np.empty(batch.gain.shape)
        for number, channel in enumerate(self.channels):
            held = np.bincount(
                histories.owner, weights=self.scored[number][histories.item_idx], minlength=len(histories)
            )
            n_scored[number] = np.maximum(self.n_scored[number] - held, 1)
            loudness[number] = channel.weight * channel.model.trust(histories, batch.weights[number])
        return loudness, n_scored

    def _scale(self, batch: Scored, number: int, sums: Sums, n: Sums, loudness: FloatArray, spoke: BoolArray) -> None:
        """Write what a factor model's scores are multiplied with, and what is added, to standardise and weigh them."""
        if not self.channels[number].standardised:
            batch.gain[number] = spoke
            return
        mean = sums[:, 0] / n
        deviation = np.sqrt(np.maximum(sums[:, 1] / n - mean**2, 0))
        apart = spoke & (deviation > kernel.FAINT * np.maximum(np.abs(mean), 1e-30))
        scale = np.divide(loudness, deviation, out=np.zeros_like(mean), where=apart)
        batch.gain[number], batch.shift[number] = scale, -scale * mean


def warm_up() -> None:
    """Compile or load every kernel of a pass now, so that nobody's list waits for it."""
    prepare(kernel.add_sparse, kernel.add_dense, kernel.best, kernel_reasons.read_back, kernel_reasons.largest_shares)


@functools.cache
def _libraries() -> ThreadpoolController:
    """Return the libraries that start threads; looking for them takes longer than making a list."""
    return ThreadpoolController()


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


def candidate_scores(model: Model, histories: Histories, k: int, channels: list[Channel] | None = None) -> Candidates:
    """Return each history's k best candidates under the channels' weights, with the candidate × channel matrix.

    Parameters
    ----------
    channels : list of Channel, optional
        By default the model's own; others may be given, each with a weight other than 0, for weights to be learned.
    """
    ranking = OnePass(model, channels)
    weights = np.array([channel.weight for channel in ranking.channels], dtype=np.float32)

    def read(batch: Scored) -> tuple[Lists, FloatArray]:
        best = batch.best(k)
        return best, batch.explain(best).says / weights

    found = list(ranking.each(histories, read))
    empty = np.zeros((0, len(weights)), dtype=np.float32)
    lists, says = Lists.concatenate([best for best, _ in found]), np.concatenate([empty, *(own for _, own in found)])
    return Candidates(lists, says, [channel.name for channel in ranking.channels])
