"""Sparse film × film matrices: what is worth keeping of a row."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


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
