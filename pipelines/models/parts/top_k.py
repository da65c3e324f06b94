"""Ranked lists: the top k of a score matrix, with one rule for ties, everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.people.history import FloatArray, IntArray, ItemArray


@dataclass(frozen=True)
class Lists:
    """Ranked lists of any length in flat arrays; list ``u`` is the slice ``indptr[u]:indptr[u + 1]``.

    Attributes
    ----------
    indptr : int64 array, shape (n_lists + 1,)
    item_idx : int32 array, best first within a list
    scores : float32 array, falling within a list
    """

    indptr: IntArray
    item_idx: ItemArray
    scores: FloatArray

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, index: int) -> tuple[ItemArray, FloatArray]:
        """Return (item_idx, scores) of one list."""
        part = slice(self.indptr[index], self.indptr[index + 1])
        return self.item_idx[part], self.scores[part]

    @classmethod
    def concatenate(cls, parts: list[Lists]) -> Lists:
        """Join lists end to end; an empty sequence gives no lists."""
        lengths = [np.diff(part.indptr) for part in parts]
        indptr = np.concatenate([[0], np.cumsum(np.concatenate([*lengths, np.zeros(0, np.int64)]))]).astype(np.int64)
        items = np.concatenate([part.item_idx for part in parts] or [np.zeros(0, np.int32)])
        scores = np.concatenate([part.scores for part in parts] or [np.zeros(0, np.float32)])
        return cls(indptr, items, scores)


def top_k(scores: FloatArray, k: int) -> Lists:
    """Rank each row of a score matrix: score descending, then item_idx (so movie_id) ascending.

    Parameters
    ----------
    scores : float32 array, shape (n, n_items)
        Higher is better; -inf marks what must not be listed. Not changed.
    k : int
        At most this many a row; rows with fewer finite scores give shorter lists.
    """
    n, n_items = scores.shape
    k = min(k, n_items)
    if n == 0 or k <= 0:
        return Lists(np.zeros(n + 1, dtype=np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    picked = _unordered_top(scores, k) if k < n_items else np.broadcast_to(np.arange(n_items), (n, n_items))
    values = np.take_along_axis(scores, picked, axis=1)
    order = np.lexsort((picked, -values), axis=1)
    picked = np.take_along_axis(picked, order, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    kept = values > -np.inf
    indptr = np.concatenate(([0], np.cumsum(kept.sum(axis=1)))).astype(np.int64)
    return Lists(indptr, picked[kept].astype(np.int32), values[kept].astype(np.float32))


def _unordered_top(scores: FloatArray, k: int) -> NDArray[np.int64]:
    """Return the k best columns of each row; where the k-th score is tied, the lowest columns win."""
    picked = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, -k:]
    kth = np.take_along_axis(scores, picked, axis=1).min(axis=1)
    tied = np.flatnonzero((scores >= kth[:, None]).sum(axis=1) > k)
    for row in tied:
        better = np.flatnonzero(scores[row] > kth[row])
        equal = np.flatnonzero(scores[row] == kth[row])
        picked[row] = np.concatenate((better, equal[: k - len(better)]))
    return picked
