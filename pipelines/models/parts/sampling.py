"""Less of the data, on purpose and aloud: seeded samples and capped histories."""

from __future__ import annotations

import logging

import numpy as np

from pipelines.people.history import Histories, IntArray

log = logging.getLogger(__name__)

MAX_RATINGS = 5_000_000
"""SVD and BPR train on at most this many ratings; Surprise takes 14 s a million."""


def sample(histories: Histories, limit: int, seed: int, name: str) -> Histories:
    """Return the histories, or above ``limit`` ratings a uniform seeded sample of them, which is logged."""
    n_ratings = len(histories.item_idx)
    if n_ratings <= limit:
        return histories
    log.warning("model.sampled model=%s ratings=%d of=%d seed=%d", name, limit, n_ratings, seed)
    rows = np.sort(np.random.default_rng(seed).choice(n_ratings, size=limit, replace=False))
    return _keep(histories, rows)


def latest(histories: Histories, limit: int) -> Histories:
    """Return the histories without all but each one's ``limit`` latest ratings."""
    if len(histories) == 0 or histories.lengths.max() <= limit:
        return histories
    from_end = np.repeat(histories.indptr[1:], histories.lengths) - np.arange(len(histories.item_idx))
    return _keep(histories, np.flatnonzero(from_end <= limit))


def _keep(histories: Histories, rows: IntArray) -> Histories:
    indptr = np.searchsorted(rows, histories.indptr).astype(np.int64)
    return Histories(indptr, histories.item_idx[rows], histories.ratings[rows], histories.rated_at[rows])
