"""Sparse film × film matrices: what is worth keeping of a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def keep_largest(rows: NDArray[Any], count: int) -> sp.csr_matrix:
    """Keep the ``count`` largest magnitudes of each row of a dense block, as CSR without zeros."""
    n_rows, n_columns = rows.shape
    if count >= n_columns:
        return sp.csr_matrix(rows)
    picked = np.argpartition(np.abs(rows), n_columns - count, axis=1)[:, n_columns - count :]
    picked.sort(axis=1)
    values = np.take_along_axis(rows, picked, axis=1)
    indptr = np.arange(n_rows + 1) * count
    kept = sp.csr_matrix((values.ravel(), picked.ravel(), indptr), shape=rows.shape)
    kept.eliminate_zeros()
    return kept


def keep_largest_sparse(matrix: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """Keep the ``count`` largest values of each row of a CSR matrix; among equals the lowest column."""
    matrix = matrix.tocsr()
    owner = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, owner))
    place = np.arange(len(order)) - matrix.indptr[owner[order]]
    kept = np.sort(order[place < count])
    entries = (matrix.data[kept], (owner[kept], matrix.indices[kept]))
    return sp.csr_matrix(entries, shape=matrix.shape)
