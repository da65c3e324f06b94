"""How much each film is rated near each other one: counted film by film, so that memory does not grow with ratings.

Each film's row is added up in one array of the catalogue's length from the places where it was rated, cut to its
largest entries, and the array is used again. The order of the additions is that of the ratings, whatever the threads.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from pipelines.models.parts.compiled import compiled
from pipelines.people.history import FloatArray, Histories

BLOCKS = 64
"""Parts that the films are dealt into; threads take the next part when they are done with one."""
GROUP = 32
"""Neighbouring columns that are looked through together: most rows leave most of the catalogue untouched."""


def count_pairs(
    histories: Histories,
    weights: FloatArray,
    *,
    near: NDArray[np.float64],
    forward: float,
    row_scale: NDArray[np.float64],
    column_scale: NDArray[np.float64],
    keep: int,
) -> sp.csr_matrix:
    """Count ordered pairs of ratings of one history that are at most ``len(near)`` places apart.

    A pair (earlier, later) at distance ``d`` adds ``near[d - 1]`` times the product of its weights, times ``forward``
    in the earlier film's row and times 1 in the later one's; two ratings of the same second have no order and add
    the mean of both.

    Parameters
    ----------
    weights : float32 array, shape (n_ratings,)
    near : float64 array, shape (window,)
    row_scale, column_scale : float64 arrays, shape (n_items,)
        Each entry is multiplied with its row's and its column's.
    keep : int
        Entries kept in a row, the largest; among equals the lowest column.

    Returns
    -------
    CSR matrix, float32, shape (n_items, n_items), columns ascending, no zeros
    """
    n_items, items = len(row_scale), histories.item_idx
    counts = np.bincount(items, minlength=n_items)
    starts = np.concatenate(([0], np.cumsum(counts)))
    places = np.empty(len(items), dtype=np.int64 if len(items) > np.iinfo(np.int32).max else np.int32)
    _places_by_item(items, starts[:-1].copy(), places)
    owner = np.repeat(np.arange(len(histories), dtype=np.int32), histories.lengths)
    second = _seconds(histories)
    room = np.minimum(np.minimum(2 * len(near) * counts, keep), n_items)
    offsets = np.concatenate(([0], np.cumsum(room)))
    columns, values = np.empty(offsets[-1], dtype=np.int32), np.empty(offsets[-1], dtype=np.float32)
    filled = np.zeros(n_items, dtype=np.int64)

    def count(block: int) -> None:
        _count_block(
            block, BLOCKS, histories.indptr, items, owner, second, weights, starts, places,
            near, float(forward), row_scale, column_scale, offsets, columns, values, filled,
        )  # fmt: skip

    with ThreadPoolExecutor(max(1, min(BLOCKS, os.cpu_count() or 1))) as threads:
        list(threads.map(count, range(BLOCKS)))
    kept = np.arange(len(columns)) < np.repeat(offsets[:-1] + filled, room)
    indptr = np.concatenate(([0], np.cumsum(filled)))
    return sp.csr_matrix((values[kept], columns[kept], indptr), shape=(n_items, n_items))


def _seconds(histories: Histories) -> NDArray[np.int32]:
    """Number the runs of ratings of one second, so that equal numbers mean equal times within a history."""
    if len(histories.rated_at) == 0:
        return np.zeros(0, dtype=np.int32)
    changes = np.diff(histories.rated_at) != 0
    return np.concatenate(([0], np.cumsum(changes))).astype(np.int32)


@compiled
def _places_by_item(items: Any, following: Any, places: Any) -> None:
    """Sort the ratings' places by item, in their order: a counting sort."""
    for place in range(len(items)):
        item = items[place]
        places[following[item]] = place
        following[item] += 1


@compiled
def _count_block(  # noqa: PLR0912, PLR0915 - a kernel is one piece: numba compiles no call to another cheaply
    block: Any, n_blocks: Any, indptr: Any, items: Any, owner: Any, second: Any, weights: Any, starts: Any, places: Any,
    near: Any, forward: Any, row_scale: Any, column_scale: Any, offsets: Any, columns: Any, values: Any, filled: Any,
) -> None:  # fmt: skip
    """Write the rows of the items ``block``, ``block + n_blocks`` and so on."""
    n_items, window = len(row_scale), len(near)
    total = np.zeros(n_items)
    chosen, scaled, shuffled = np.empty(n_items, dtype=np.int32), np.empty(n_items), np.empty(n_items)
    touched = np.zeros(n_items // GROUP + 1, dtype=np.bool_)
    both = (forward + 1) / 2
    for item in range(block, n_items, n_blocks):
        for at in range(starts[item], starts[item + 1]):
            place = places[at]
            weight = np.float64(weights[place])
            first, last = max(indptr[owner[place]], place - window), min(indptr[owner[place] + 1], place + window + 1)
            for other in range(first, last):
                if other != place:
                    value = weight * weights[other] * near[abs(other - place) - 1]
                    if second[other] == second[place]:
                        value *= both
                    elif other > place:
                        value *= forward
                    total[items[other]] += value
                    touched[items[other] // GROUP] = True
        n_found = 0
        for group in range(len(touched)):
            if not touched[group]:
                continue
            touched[group] = False
            for column in range(group * GROUP, min((group + 1) * GROUP, n_items)):
                if total[column] > 0:
                    chosen[n_found] = column
                    scaled[n_found] = row_scale[item] * total[column] * column_scale[column]
                    total[column] = 0
                    n_found += 1
        room = offsets[item + 1] - offsets[item]
        least, spare = 0.0, n_found
        if n_found > room:
            # the least value kept, by Hoare's quickselect; np.partition takes six seconds to compile
            for number in range(n_found):  # a slice assigned to a slice takes two seconds to compile
                shuffled[number] = scaled[number]
            low, high, wanted = 0, n_found - 1, n_found - room
            while low < high:
                pivot, left, right = shuffled[(low + high) // 2], low, high
                while left <= right:
                    while shuffled[left] < pivot:
                        left += 1
                    while shuffled[right] > pivot:
                        right -= 1
                    if left <= right:
                        shuffled[left], shuffled[right] = shuffled[right], shuffled[left]
                        left += 1
                        right -= 1
                if wanted <= right:
                    high = right
                elif wanted >= left:
                    low = left
                else:
                    break
            least, spare = shuffled[wanted], room
            for number in range(n_found):
                spare -= scaled[number] > least
        at = offsets[item]
        for number in range(n_found):
            if scaled[number] > least or (scaled[number] == least and spare > 0):
                spare -= scaled[number] == least
                columns[at], values[at] = chosen[number], scaled[number]
                at += 1
        filled[item] = at - offsets[item]
