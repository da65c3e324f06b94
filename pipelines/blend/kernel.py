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

from pipelines.models.parts.compiled import FREE_SUMS, compiled, prepare

TILE = 128
"""Films that are looked at together: mostly none of them is good enough, which is told sixteen at a time."""
SEARCH_COST = 32
"""Films of a row that are gone through in the time one listed film takes to be searched for in it."""
FAINT = 1e-9
"""Deviations below this share of the mean are rounding: nothing is told apart."""


@partial(
    compiled,
    fastmath=FREE_SUMS,
    arguments="i8 i8:1 i4:1 f4:1 i8:1 i4:1 f4:2 b:1 i8:1 f4:2 f8:1 b:1 b f4:1! f4:2! b:2! f4:2! f4:2! b:2!",
)
def add_sparse(
    p: Any, indptr: Any, indices: Any, data: Any, bounds: Any, items: Any, weights: Any, goes_on: Any, channels: Any,
    loudness: Any, n_scored: Any, candidates: Any, standardised: Any, row: Any, total: Any, candidate: Any, gain: Any,
    shift: Any, spoke: Any,
) -> None:  # fmt: skip
    """Score one history by every channel of a film × film matrix and add that, weighed, to its total.

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
    row : float32 array, shape (n_items,), written over
    total, candidate : float32 and bool arrays, shape (n_histories, n_items), added to
    gain, shift : float32 arrays, shape (n_channels, n_histories), written
        What was added for a film is ``gain * score + shift``.
    spoke : bool array, shape (n_channels, n_histories), written
    """
    sums, open_to = total[p], candidate[p]
    for c in range(len(weights)):
        if not goes_on[c]:
            row[:] = 0
        for r in range(bounds[p], bounds[p + 1]):
            weight = weights[c, r]
            if weight != 0:
                low, high = indptr[items[r]], indptr[items[r] + 1]
                films, values = indices[low:high], data[low:high]
                for e in range(len(films)):
                    row[films[e]] += weight * values[e]
        for r in range(bounds[p], bounds[p + 1]):
            row[items[r]] = 0
        first, second = 0.0, 0.0
        for j in range(len(row)):
            value = np.float64(row[j])
            first += value
            second += value * value
        channel = channels[c]
        spoke[channel, p] = second > 0
        if not second > 0:
            continue
        factor, constant = np.float32(1), np.float32(0)
        if standardised:
            mean = first / n_scored[p]
            deviation = np.sqrt(max(second / n_scored[p] - mean * mean, 0.0))
            scale = loudness[channel, p] / deviation if deviation > FAINT * max(abs(mean), 1e-30) else 0.0
            factor, constant = np.float32(scale), np.float32(-scale * mean)
        gain[channel, p], shift[channel, p] = factor, constant
        for j in range(len(row)):
            sums[j] += factor * row[j] + constant
        if candidates[channel]:
            for j in range(len(row)):
                open_to[j] |= row[j] != 0


@partial(compiled, fastmath=FREE_SUMS, arguments="f4:1 b:1 f4 f4 b f4:1! b:1!")
def add_dense(row: Any, scored: Any, factor: Any, constant: Any, candidates: Any, sums: Any, open_to: Any) -> None:
    """Add one history's scores by a factor model to its total: ``factor * row + constant``.

    Parameters
    ----------
    row, scored : float32 and bool arrays, shape (n_items,)
    candidates : bool
        Whether the films that are scored become candidates.
    sums, open_to : float32 and bool arrays, shape (n_items,), added to
    """
    for j in range(len(row)):
        sums[j] += factor * row[j] + constant
    if candidates:
        for j in range(len(row)):
            open_to[j] |= scored[j]


@partial(compiled, arguments="f4:2 b:2 b:1 i8:1 i4:1 i4:2! f4:2! i8:1!")
def best(
    total: Any, candidate: Any, allowed: Any, bounds: Any, items: Any, places: Any, scores: Any, counts: Any
) -> None:
    """Find the candidates with the highest totals, best first; among equals the lowest.

    Parameters
    ----------
    total, candidate : float32 and bool arrays, shape (n_histories, n_items)
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
        least = np.float32(-np.inf)
        for start in range(0, n_items, TILE):
            part = total[p, start : min(start + TILE, n_items)]
            above = 0
            for j in range(len(part)):
                above += part[j] > least
            if above == 0:
                continue
            for j in range(len(part)):
                if part[j] > least and open_to[start + j] and candidate[p, start + j]:
                    at = min(size, k - 1)
                    while at > 0 and scores[p, at - 1] < part[j]:
                        scores[p, at], places[p, at] = scores[p, at - 1], places[p, at - 1]
                        at -= 1
                    scores[p, at], places[p, at] = part[j], start + j
                    size = min(size + 1, k)
                    if size == k:
                        least = scores[p, k - 1]
        counts[p] = size
        for r in range(bounds[p], bounds[p + 1]):
            open_to[items[r]] = allowed[items[r]]


@partial(compiled, arguments="i8:1 i4:1 f4:1 i8:1 i4:1 f4:2 i8:1 f4:1 i8:1 i4:1 i8:1 i8:1 i4:1! f4:2! f4:1!")
def read_back(  # noqa: PLR0912 - a kernel is one piece: numba compiles no call to another cheaply
    indptr: Any, indices: Any, data: Any, bounds: Any, items: Any, weights: Any, channels: Any, for_it: Any,
    list_bounds: Any, listed: Any, explained: Any, cells: Any, place: Any, raw: Any, added: Any,
) -> None:  # fmt: skip
    """Read a film × film matrix again for listed films alone: their scores, and what each rating gave them.

    Parameters
    ----------
    indptr, indices, data, bounds, items, weights, channels
        As in `add_sparse`, but the weights are the whole ones; columns ascend within a row of the matrix.
    for_it : float32 array, shape (n_ratings,)
        What each rating weighs in all channels that speak for films, together.
    list_bounds, listed : int64 and int32 arrays
        The listed films of each history, each once.
    explained : int64 array, shape (n_histories,)
        How many of them, from the first, are explained.
    cells : int64 array, shape (n_histories + 1,)
        Where each history's part of ``added`` begins.
    place : int32 array, shape (n_items,), all 0
        Written over and left so.
    raw : float32 array, shape (n_listed, n_channels), added to
        0 for what the history holds, as in `add_sparse`.
    added : float32 array, added to
        A row an explained film, a column a rating, one history after the other.
    """
    for p in range(len(bounds) - 1):
        low, start, n_ratings = list_bounds[p], bounds[p], bounds[p + 1] - bounds[p]
        for at in range(low, list_bounds[p + 1]):
            place[listed[at]] = at - low + 1
        for r in range(start, bounds[p + 1]):
            place[items[r]] = 0
        for r in range(start, bounds[p + 1]):
            reads = for_it[r] != 0
            for c in range(len(weights)):
                reads |= weights[c, r] != 0
            if not reads or low == list_bounds[p + 1]:
                continue
            begin, end = indptr[items[r]], indptr[items[r] + 1]
            films, values = indices[begin:end], data[begin:end]
            search = (list_bounds[p + 1] - low) * SEARCH_COST < len(films)
            for step in range(list_bounds[p + 1] - low if search else len(films)):
                e = step
                if search:  # whose steps do not wait for a guess of where it goes
                    film, e, length = listed[low + step], 0, len(films)
                    while length > 1:
                        half = length // 2
                        e += half * (films[e + half - 1] < film)
                        length -= half
                    if films[e] != film:
                        continue
                if place[films[e]] != 0:
                    at = place[films[e]] - 1
                    for c in range(len(weights)):
                        raw[low + at, channels[c]] += weights[c, r] * values[e]
                    if at < explained[p]:
                        added[cells[p] + at * n_ratings + r - start] += for_it[r] * values[e]
        for at in range(low, list_bounds[p + 1]):
            place[listed[at]] = 0


@partial(compiled, arguments="i8:1 i8:1 i8:1 f4:1 i8:2! f4:2!")
def largest_shares(bounds: Any, list_bounds: Any, cells: Any, added: Any, ratings: Any, shares: Any) -> None:
    """Find, for each listed film, the ratings that gave it most, and their shares of all that was given.

    Parameters
    ----------
    bounds, cells, added
        As in `read_back`; what is negative counts nothing.
    list_bounds : int64 array, shape (n_histories + 1,)
        The explained films of each history.
    ratings : int64 array, shape (n_listed, n_reasons), written
        Places of the ratings in the flat arrays, the largest share first, the earlier among equals.
    shares : float32 array, shape (n_listed, n_reasons), written
        0 to 1; 0 where there is no further reason.
    """
    n_reasons = shares.shape[1]
    for p in range(len(bounds) - 1):
        n_ratings = bounds[p + 1] - bounds[p]
        for place in range(list_bounds[p], list_bounds[p + 1]):
            start = cells[p] + (place - list_bounds[p]) * n_ratings
            whole = 0.0
            for r in range(n_ratings):
                value = added[start + r]
                if value <= 0:
                    continue
                whole += value
                at = n_reasons
                while at > 0 and value > shares[place, at - 1]:
                    at -= 1
                    if at + 1 < n_reasons:
                        shares[place, at + 1], ratings[place, at + 1] = shares[place, at], ratings[place, at]
                if at < n_reasons:
                    shares[place, at], ratings[place, at] = value, bounds[p] + r
            if whole > 0:
                for at in range(n_reasons):
                    shares[place, at] /= whole


def warm_up() -> None:
    """Compile or load every kernel of this module now."""
    prepare(add_sparse, add_dense, best, read_back, largest_shares)
