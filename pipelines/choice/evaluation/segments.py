"""Segments: the same metrics for short and long histories, and for cold, tail and popular films."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.people.history import IntArray, ItemArray

ALL = "all"
HISTORY_LENGTHS = ((0, 5), (6, 20), (21, 100), (101, None))
SHORT = "history:0-5"
"""The segment of the shortest histories, which the gate looks after."""
POPULAR_SHARE = 0.5
"""The most rated films that together hold this share of the ratings are popular; other rated films are the tail."""

BoolArray = NDArray[np.bool_]


def history_segments(lengths: IntArray) -> dict[str, BoolArray]:
    """Return who belongs to each segment of history length, bool arrays of shape (n_people,)."""
    segments = {}
    for low, high in HISTORY_LENGTHS:
        name = f"history:{low}-{high}" if high is not None else f"history:{low}+"
        segments[name] = (lengths >= low) & (lengths <= (high if high is not None else lengths.max(initial=low)))
    return segments


def film_segments(popularity: IntArray) -> dict[str, BoolArray]:
    """Return which films are cold (no rating in the fit), popular or tail, bool arrays of shape (n_items,).

    Parameters
    ----------
    popularity : int64 array, shape (n_items,)
        Ratings in the fit.
    """
    order = np.lexsort((np.arange(len(popularity)), -popularity))
    before = np.cumsum(popularity[order]) - popularity[order]
    popular = np.zeros(len(popularity), dtype=bool)
    popular[order] = (before < POPULAR_SHARE * popularity.sum()) & (popularity[order] > 0)
    cold = popularity == 0
    return {"film:cold": cold, "film:popular": popular, "film:tail": ~cold & ~popular}


def in_segment(indptr: IntArray, relevant_idx: ItemArray, chosen: BoolArray) -> tuple[IntArray, ItemArray]:
    """Keep the relevant films that are chosen; people left without one have no value."""
    kept = chosen[relevant_idx]
    running = np.concatenate(([0], np.cumsum(kept)))
    return running[indptr], relevant_idx[kept]
