"""The nearest rows of a sparse matrix, by the kernel that makes lists: a row's columns are its history."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse as sp

from pipelines.models.parts import kernel
from pipelines.models.parts.compiled import prepare

BATCH_CELLS = 1_000_000
"""Products that a thread holds at once: 4 MB."""

Part = tuple[np.ndarray, np.ndarray, np.ndarray]


def nearest(rows: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """Return, for each row, its products with the ``count`` other rows where they are largest, as CSR, float32.

    Only positive products are kept; columns ascend within a row. Memory does not grow with the square of the rows;
    threads share the blocks.
    """
    n_rows = rows.shape[0]
    columns = rows.T.tocsr()
    columns.sort_indices()
    indptr, data = columns.indptr.astype(np.int64), columns.data.astype(np.float32)
    items, values = np.ascontiguousarray(rows.indices, dtype=np.int32), rows.data
    size, k = max(1, BATCH_CELLS // max(1, n_rows)), min(count, max(0, n_rows - 1))

    def part(start: int) -> Part:
        stop = min(start + size, n_rows)
        bounds = rows.indptr[start : stop + 1].astype(np.int64)
        block = np.empty((stop - start, n_rows), dtype=np.float32)
        kernel.products(indptr, columns.indices, data, bounds, items, values, block)
        return _largest(block, start, k)

    prepare(kernel.products, kernel.largest)
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        parts = list(threads.map(part, range(0, n_rows, size)))
    counts = np.concatenate([part[0] for part in parts] or [np.zeros(0, np.int64)])
    places = np.concatenate([part[1] for part in parts] or [np.zeros(0, np.int32)])
    products = np.concatenate([part[2] for part in parts] or [np.zeros(0, np.float32)])
    found = sp.csr_matrix((products, places, np.concatenate(([0], np.cumsum(counts)))), shape=(n_rows, n_rows))
    found.sort_indices()
    return found


def _largest(block: np.ndarray, start: int, k: int) -> Part:
    """Return how many, which and what are the k largest positive ones of each row, the row itself left out."""
    size = len(block)
    places, scores = np.empty((size, k), np.int32), np.empty((size, k), np.float32)
    counts = np.zeros(size, np.int64)
    own = np.arange(start, start + size, dtype=np.int32)
    kernel.largest(block, own, places, scores, counts)
    kept = np.arange(k) < counts[:, None]
    return counts, places[kept], scores[kept]
