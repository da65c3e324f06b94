"""Square film × film matrices, dense in blocks and sparse as a whole: what is worth keeping of a row."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

ROWS = 256
"""Rows worked out at once."""
BLOCK = 1024
"""Rows and columns of a square that is worked out, or copied, at once."""


def keep_largest(rows: NDArray[Any], count: int) -> sp.csr_matrix:
    """Keep the ``count`` largest magnitudes of each row of a dense block, and what equals the last, as CSR."""
    n_columns = rows.shape[1]
    if count >= n_columns:
        return sp.csr_matrix(rows)
    size = np.abs(rows)
    # partitioning values is several times as fast as partitioning places
    least = np.partition(size, n_columns - count, axis=1)[:, n_columns - count]
    kept = (size >= least[:, None]) & (size > 0)
    indptr = np.concatenate(([0], np.cumsum(kept.sum(axis=1))))
    places = np.flatnonzero(kept)
    return sp.csr_matrix((rows.ravel()[places], (places % n_columns).astype(np.int32), indptr), shape=rows.shape)


def largest_by_column(weights: Callable[[int, int], NDArray[Any]], n_films: int, keep: int) -> sp.csr_matrix:
    """Return B from a function that works out some of its columns, each as a row; threads share the blocks."""

    def cut(start: int) -> sp.csr_matrix:
        stop = min(start + ROWS, n_films)
        rows = weights(start, stop)
        rows[np.arange(stop - start), np.arange(start, stop)] = 0
        return keep_largest(rows, keep).astype(np.float32)

    threads = ThreadPoolExecutor(os.cpu_count() or 1)
    with threadpool_limits(1, "blas"), threads:
        parts = list(threads.map(cut, range(0, n_films, ROWS)))
    return sp.vstack(parts, format="csr").T.tocsr()


def mirror(upper: NDArray[Any]) -> NDArray[Any]:
    """Copy the upper triangle into the lower one, in place and in blocks."""
    n_items = len(upper)
    for start in range(0, n_items, BLOCK):
        stop = min(start + BLOCK, n_items)
        upper[stop:, start:stop] = upper[start:stop, stop:].T
        corner = upper[start:stop, start:stop]
        corner[:] = np.triu(corner) + np.triu(corner, 1).T
    return upper
