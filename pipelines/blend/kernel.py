"""The counting behind a list, compiled: arrays in, arrays out, no policy and no names of people.

A batch of histories comes as flat arrays: history ``p`` is ``bounds[p]:bounds[p + 1]``. Scores are float32, their sums
over films float64. A history is worked out alone and always in the same order, so what comes out for it does not depend
on the batch it is in. It is worked out to its end before the next one begins, so that what is written for it is still
in the nearest caches when it is read: a channel's scores take one row that the next channel writes over.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from pipelines.models.parts.compiled import FREE_SUMS, LINE, compiled, prefetch

TILE = 128
"""Films that are looked at together: mostly none of them is good enough, which is told sixteen at a time."""
FEW = 8
"""A reading that meets less than one film in so many has its films kept in a list."""
FAINT = 1e-9
"""Deviations below this share of the mean are rounding: nothing is told apart."""


@partial(
    compiled,
    fastmath=FREE_SUMS,
    arguments="i8 i8:1 i4:1 f4:1 i8:1 i4:1 f4:2 b:1 i8:1 f4:2 f8:1 b:1 b f4:1! i4:1! b:1! f4:2! b:2! f4:2! f4:2! b:2!",
)
def add_sparse(  # noqa: PLR0912, PLR0915 - a kernel is one piece: numba compiles no call to another cheaply
    p: Any, indptr: Any, indices: Any, data: Any, bounds: Any, items: Any, weights: Any, goes_on: Any, channels: Any,
    loudness: Any, n_scored: Any, candidates: Any, standardised: Any, row: Any, films_met: Any, met: Any, total: Any,
    candidate: Any, gain: Any, shift: Any, spoke: Any,
) -> None:  # fmt: skip
    """Score one history by every channel of a film × film matrix and add that, weighed, to its total.

    A reading of few ratings leads to few films: those are kept in a list, and only they are looked at again. One of
    many leads to so many that it is quicker to look at every film in turn.

    Parameters
    ----------
    p : int
        Which history.
    indptr, indices, data : int64, int32, float32 arrays
        The matrix in CSR form; ``items`` are its rows, films its columns.
    weights : float32 array, shape (n_readings, n_ratings)
        What each rating weighs in each channel; a row of weight 0 is not read.
    goes_on : bool array, shape (n_readings,)
        Whether a channel's scores are those of the one before it and what these weights add.
    channels : int64 array, shape (n_readings,)
        The channels' places in ``loudness``, ``candidates``, ``gain``, ``shift`` and ``spoke``.
    loudness : float32 array, shape (n_channels, n_histories)
        What a standard deviation of each channel counts.
    n_scored : float64 array, shape (n_histories,)
        Films that the matrix scores and the history does not hold, at least 1.
    candidates : bool array, shape (n_channels,)
        Channels whose films become candidates.
    standardised : bool
        If not, scores are added as they are.
    row : float32 array, shape (n_items,), all 0
        Written over and left so.
    films_met : int32 array, shape (n_items,), written over
    met : bool array, shape (n_items,), all False
        Written over and left so.
    total, candidate : float32 and bool arrays, shape (n_histories, n_items), added to
    gain, shift : float32 arrays, shape (n_channels, n_histories), written
        A channel's word for a film is ``gain * score + shift``; the shift, the same for all films, is not added here.
    spoke : bool array, shape (n_channels, n_histories), written
    """
    sums, open_to = total[p], candidate[p]
    few, n_met = False, 0
    for c in range(len(weights)):
        if not goes_on[c]:
            entries, n_met = 0, 0
            for further in range(c, len(weights)):
                if further > c and not goes_on[further]:
                    break
                for r in range(bounds[p], bounds[p + 1]):
                    if weights[further, r] != 0:
                        entries += indptr[items[r] + 1] - indptr[items[r]]
            few = entries * FEW < len(row)
        for r in range(bounds[p], bounds[p + 1]):
            weight = weights[c, r]
            if weight != 0:
                low, high = indptr[items[r]], indptr[items[r] + 1]
                films, values = indices[low:high], data[low:high]
                following, end = 0, 0
                for after in range(r + 1, bounds[p + 1]):
                    if weights[c, after] != 0:
                        following, end = indptr[items[after]], indptr[items[after] + 1]
                        break
                for part in range(0, len(films), LINE):
                    if following + part < end:  # rows lie far apart: the next one is on its way while this one is read
                        prefetch(indices, following + part)
                        prefetch(data, following + part)
                    for e in range(part, min(part + LINE, len(films))):
                        row[films[e]] += weight * values[e]
                if few:
                    for e in range(len(films)):
                        if not met[films[e]]:
                            met[films[e]] = True
                            films_met[n_met] = films[e]
                            n_met += 1
        for r in range(bounds[p], bounds[p + 1]):
            row[items[r]] = 0
        first, second = 0.0, 0.0
        if few:
            for at in range(n_met):
                value = np.float64(row[films_met[at]])
                first += value
                second += value * value
        else:
            for j in range(len(row)):
                value = np.float64(row[j])
                first += value
                second += value * value
        channel = channels[c]
        spoke[channel, p] = second > 0
        if second > 0:
            factor, constant = np.float32(1), np.float32(0)
            if standardised:
                mean = first / n_scored[p]
                deviation = np.sqrt(max(second / n_scored[p] - mean * mean, 0.0))
                scale = loudness[channel, p] / deviation if deviation > FAINT * max(abs(mean), 1e-30) else 0.0
                factor, constant = np.float32(scale), np.float32(-scale * mean)
            gain[channel, p], shift[channel, p] = factor, constant
            if few:
                for at in range(n_met):
                    sums[films_met[at]] += factor * row[films_met[at]]
                if candidates[channel]:
                    for at in range(n_met):
                        open_to[films_met[at]] |= row[films_met[at]] != 0
            else:
                for j in range(len(row)):
                    sums[j] += factor * row[j]
                if candidates[channel]:
                    for j in range(len(row)):
                        open_to[j] |= row[j] != 0
        if c + 1 == len(weights) or not goes_on[c + 1]:
            if few:
                for at in range(n_met):
                    row[films_met[at]] = 0
                    met[films_met[at]] = False
            else:
                row[:] = 0


@partial(compiled, fastmath=FREE_SUMS, arguments="f4:1 b:1 f4 b f4:1! b:1!")
def add_dense(row: Any, scored: Any, factor: Any, candidates: Any, sums: Any, open_to: Any) -> None:
    """Add one history's scores by a factor model to its total: ``factor * row``.

    Parameters
    ----------
    row, scored : float32 and bool arrays, shape (n_items,)
    candidates : bool
        Whether the films that are scored become candidates.
    sums, open_to : float32 and bool arrays, shape (n_items,), added to
    """
    for j in range(len(row)):
        sums[j] += factor * row[j]
    if candidates:
        for j in range(len(row)):
            open_to[j] |= scored[j]


@partial(compiled, arguments="f4:2 f4:1 b:2 b:1 i8:1 i4:1 i4:2! f4:2! i8:1!")
def best(
    total: Any, constant: Any, candidate: Any, allowed: Any, bounds: Any, items: Any, places: Any, scores: Any,
    counts: Any,
) -> None:  # fmt: skip
    """Find the candidates with the highest scores, best first; among equals the lowest.

    Parameters
    ----------
    total, candidate : float32 and bool arrays, shape (n_histories, n_items)
    constant : float32 array, shape (n_histories,)
        What is added to each history's totals to make scores.
    allowed : bool array, shape (n_items,)
    bounds, items : int64 and int32 arrays
        Films that are never listed, a history.
    places, scores : int32 and float32 arrays, shape (n_histories, k), written
    counts : int64 array, shape (n_histories,), written
        How many of the k there are.
    """
    n_histories, n_items = total.shape
    k = places.shape[1]
    if k == 0:
        return
    open_to = allowed.copy()
    for p in range(n_histories):
        for r in range(bounds[p], bounds[p + 1]):
            open_to[items[r]] = False
        size = 0
        plus, least = constant[p], np.float32(-np.inf)
        for start in range(0, n_items, TILE):
            part = total[p, start : min(start + TILE, n_items)]
            above = 0
            for j in range(len(part)):
                above += part[j] + plus > least
            if above == 0:
                continue
            for j in range(len(part)):
                value = part[j] + plus
                if value > least and open_to[start + j] and candidate[p, start + j]:
                    at = min(size, k - 1)
                    while at > 0 and scores[p, at - 1] < value:
                        scores[p, at], places[p, at] = scores[p, at - 1], places[p, at - 1]
                        at -= 1
                    scores[p, at], places[p, at] = value, start + j
                    size = min(size + 1, k)
                    if size == k:
                        least = scores[p, k - 1]
        counts[p] = size
        for r in range(bounds[p], bounds[p + 1]):
            open_to[items[r]] = allowed[items[r]]
