"""The counting behind a list, compiled: arrays in, arrays out, no policy and no names of people.

Every function takes a batch of histories as flat arrays (history ``p`` is ``bounds[p]:bounds[p + 1]``) and one score
row a history, float32, shape (n_histories, n_items). Sums over films are taken in float64. A row is worked out alone
and always in the same order, so what comes out for a history does not depend on the batch it is in.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from pipelines.models.parts.compiled import FREE_SUMS, compiled, prepare

TILE = 128
"""Films whose total is worked out at once before any is compared: one tile stays in the nearest cache."""


@partial(compiled, fastmath=FREE_SUMS, arguments="i8:1 i4:1 f4:1 i8:1 i4:1 f4:1 b f8:2! f4:2!")
def add_rows(
    indptr: Any, indices: Any, data: Any, bounds: Any, items: Any, weights: Any, hide: Any, sums: Any, rows: Any
) -> None:
    """Write the weighted sum of a sparse matrix's rows for each history, and what its statistics need.

    Parameters
    ----------
    indptr, indices, data : int64, int32, float32 arrays
        The matrix in CSR form; ``items`` are its rows, films its columns.
    weights : float32 array, as long as ``items``
        A row of weight 0 is not read.
    hide : bool
        Whether ``items`` get 0 in the end: what a history holds is not scored.
    sums : float64 array, shape (n_histories, 2), written
        Sum and sum of squares of the row.
    rows : float32 array, shape (n_histories, n_items), written
    """
    for p in range(len(bounds) - 1):
        row = rows[p]
        row[:] = 0
        for r in range(bounds[p], bounds[p + 1]):
            weight = weights[r]
            if weight != 0:
                for e in range(indptr[items[r]], indptr[items[r] + 1]):
                    row[indices[e]] += weight * data[e]
        if hide:
            for r in range(bounds[p], bounds[p + 1]):
                row[items[r]] = 0
        first, second = 0.0, 0.0
        for j in range(len(row)):
            value = np.float64(row[j])
            first += value
            second += value * value
        sums[p, 0], sums[p, 1] = first, second


@partial(
    compiled,
    fastmath=FREE_SUMS,
    arguments="f4:3 f4:2 f4:2 b:2 b:2 b:1 b:1 i8:1 i4:1 i4:2! f4:2! i8:1!",
)
def best(  # noqa: PLR0912 - one nest of loops, so that a tile never leaves the cache
    block: Any, gain: Any, shift: Any, speaks: Any, scored: Any, sparse: Any, allowed: Any, bounds: Any, items: Any,
    places: Any, scores: Any, counts: Any,
) -> None:  # fmt: skip
    """Find the films with the highest weighted sums of the channels' scores, best first; among equals the lowest.

    Parameters
    ----------
    block : float32 array, shape (n_channels, n_histories, n_items)
    gain, shift : float32 arrays, shape (n_channels, n_histories)
        The sum is ``gain * score + shift`` over the channels.
    speaks : bool array, shape (n_channels, n_histories)
        Which channels can make a film a candidate of that history.
    scored : bool array, shape (n_channels, n_items)
        Films that a channel scores; of a ``sparse`` one, those whose score is not 0.
    sparse : bool array, shape (n_channels,)
    allowed : bool array, shape (n_items,)
    bounds, items : int64 and int32 arrays
        Films that are never listed, a history.
    places, scores : int32 and float32 arrays, shape (n_histories, k), written
    counts : int64 array, shape (n_histories,), written
        How many of the k there are.
    """
    n_channels, n_histories, n_items = block.shape
    k = places.shape[1]
    if k == 0:
        return
    total = np.empty(TILE, dtype=np.float32)
    open_to = allowed.copy()
    for p in range(n_histories):
        for r in range(bounds[p], bounds[p + 1]):
            open_to[items[r]] = False
        base = np.float32(0)
        for c in range(n_channels):
            base += shift[c, p]
        size = 0
        least = np.float32(-np.inf)
        for start in range(0, n_items, TILE):
            width = min(TILE, n_items - start)
            total[:] = base
            for c in range(n_channels):
                factor = gain[c, p]
                if factor != 0:
                    part = block[c, p, start : start + width]
                    for j in range(width):
                        total[j] += factor * part[j]
            top = np.float32(-np.inf)
            for j in range(width):
                top = max(top, total[j])
            if not top > least:
                continue
            for j in range(width):
                if not total[j] > least or not open_to[start + j]:
                    continue
                candidate = False
                for c in range(n_channels):
                    if speaks[c, p] and scored[c, start + j] and (not sparse[c] or block[c, p, start + j] != 0):
                        candidate = True
                        break
                if candidate:
                    at = min(size, k - 1)
                    while at > 0 and scores[p, at - 1] < total[j]:
                        scores[p, at], places[p, at] = scores[p, at - 1], places[p, at - 1]
                        at -= 1
                    scores[p, at], places[p, at] = total[j], start + j
                    size = min(size + 1, k)
                    if size == k:
                        least = scores[p, k - 1]
        counts[p] = size
        for r in range(bounds[p], bounds[p + 1]):
            open_to[items[r]] = allowed[items[r]]


@partial(compiled, arguments="f4:2 i4:1 i4:2! f4:2! i8:1!")
def largest(rows: Any, own: Any, places: Any, scores: Any, counts: Any) -> None:
    """Find the largest positive values of each row, in no order; among equals the lowest places.

    For hundreds of them, where `best`, which keeps its few in order, would move most of them at every find: a heap
    with the one to give way next on top.

    Parameters
    ----------
    rows : float32 array, shape (n_rows, n_items)
    own : int32 array, shape (n_rows,)
        A place of each row that is left out.
    places, scores : int32 and float32 arrays, shape (n_rows, k), written
    counts : int64 array, shape (n_rows,), written
        How many of the k there are.
    """
    k = places.shape[1]
    for p in range(len(rows)):
        row, heap, at = rows[p], scores[p], places[p]
        size = 0
        for j in range(len(row)):
            value = row[j]
            if value <= 0 or j == own[p] or k == 0:
                continue
            if size < k:  # it goes to the end and rises while what is above it is to stay longer
                child = size
                size += 1
                while child > 0:
                    above = (child - 1) // 2
                    # an equal of a higher place gives way first, so it goes above
                    if heap[above] < value:
                        break
                    heap[child], at[child] = heap[above], at[above]
                    child = above
                heap[child], at[child] = value, j
            elif value > heap[0]:  # it takes the top's place and sinks
                hole = 0
                while True:
                    below = 2 * hole + 1
                    if below >= k:
                        break
                    other = below + 1
                    if other < k and (
                        heap[other] < heap[below] or (heap[other] == heap[below] and at[other] > at[below])
                    ):
                        below = other
                    if heap[below] > value or (heap[below] == value and at[below] < j):
                        break
                    heap[hole], at[hole] = heap[below], at[below]
                    hole = below
                heap[hole], at[hole] = value, j
        counts[p] = size


@partial(compiled, arguments="i8:1 i4:1 f4:1 i8:1 i4:1 f4:1 f4:1 i8:1 i4:1 i8:1 f4:1!")
def add_shares(
    indptr: Any, indices: Any, data: Any, bounds: Any, items: Any, weights: Any, gain: Any, list_bounds: Any,
    listed: Any, cells: Any, added: Any,
) -> None:  # fmt: skip
    """Add what each rating of a history gives each of its listed films through a sparse matrix.

    Parameters
    ----------
    indptr, indices, data, bounds, items, weights
        As in `add_rows`; columns ascend within a row.
    gain : float32 array, shape (n_histories,)
    list_bounds, listed : int64 and int32 arrays
        The listed films of each history.
    cells : int64 array, shape (n_histories + 1,)
        Where each history's part of ``added`` begins.
    added : float32 array, added to
        A row a listed film, a column a rating, one history after the other.
    """
    for p in range(len(bounds) - 1):
        n_ratings = bounds[p + 1] - bounds[p]
        for r in range(bounds[p], bounds[p + 1]):
            weight = weights[r] * gain[p]
            if weight == 0:
                continue
            low, high = indptr[items[r]], indptr[items[r] + 1]
            for place in range(list_bounds[p], list_bounds[p + 1]):
                film, first, length = listed[place], low, high - low
                while length > 1:  # a binary search whose steps do not wait for a guess of where it goes
                    half = length // 2
                    first += half * (indices[first + half - 1] < film)
                    length -= half
                if first < high and indices[first] == film:
                    cell = cells[p] + (place - list_bounds[p]) * n_ratings + r - bounds[p]
                    added[cell] += weight * data[first]


@partial(compiled, arguments="i8:1 i8:1 i8:1 f4:1 i8:2! f4:2!")
def largest_shares(bounds: Any, list_bounds: Any, cells: Any, added: Any, ratings: Any, shares: Any) -> None:
    """Find, for each listed film, the ratings that gave it most, and their shares of all that was given.

    Parameters
    ----------
    bounds, list_bounds, cells, added
        As in `add_shares`; what is negative counts nothing.
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
    prepare(add_rows, best, add_shares, largest_shares)
