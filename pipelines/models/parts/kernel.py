"""Products of sparse rows, with sparse and dense matrices, and the largest of them, compiled: arrays in, arrays out."""

from __future__ import annotations

from functools import partial
from typing import Any

from pipelines.models.parts.compiled import FREE_SUMS, compiled

STRETCH = 1024
"""Columns summed at once: what many rows read of them stays in the processor's cache."""


@partial(compiled, fastmath=FREE_SUMS, arguments="i8:1 i4:1 f4:1 i8:1 i4:1 f4:1 f4:2!")
def products(indptr: Any, indices: Any, data: Any, bounds: Any, columns: Any, weights: Any, rows: Any) -> None:
    """Write the products of some sparse rows with a sparse matrix, dense.

    Parameters
    ----------
    indptr, indices, data : int64, int32, float32 arrays
        The matrix in CSR form.
    bounds, columns, weights : int64, int32, float32 arrays
        The rows, in CSR form too.
    rows : float32 array, shape (n_rows, n_columns of the matrix), written
    """
    for p in range(len(bounds) - 1):
        row = rows[p]
        row[:] = 0
        for r in range(bounds[p], bounds[p + 1]):
            weight = weights[r]
            low, high = indptr[columns[r]], indptr[columns[r] + 1]
            found, values = indices[low:high], data[low:high]
            for e in range(len(found)):
                row[found[e]] += weight * values[e]


def _sums_of_rows(bounds: Any, columns: Any, weights: Any, dense: Any, rows: Any) -> None:
    """Write the products of some sparse rows with a dense matrix.

    Parameters
    ----------
    bounds, columns, weights : int64, int32 and float arrays
        The rows, in CSR form.
    dense, rows : float arrays, shapes (n, n_columns) and (n_rows, n_columns); the second is written
    """
    n_columns = dense.shape[1]
    for begin in range(0, n_columns, STRETCH):
        end = min(begin + STRETCH, n_columns)
        for p in range(len(bounds) - 1):
            row = rows[p, begin:end]
            row[:] = 0
            for r in range(bounds[p], bounds[p + 1]):
                weight, added = weights[r], dense[columns[r], begin:end]
                for e in range(len(row)):
                    row[e] += weight * added[e]


sums_of_rows = compiled(_sums_of_rows, fastmath=FREE_SUMS, arguments="i8:1 i4:1 f4:1 f4:2 f4:2!")
double_sums_of_rows = compiled(_sums_of_rows, fastmath=FREE_SUMS, arguments="i8:1 i4:1 f8:1 f8:2 f8:2!")


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
