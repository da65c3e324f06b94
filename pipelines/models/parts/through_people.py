"""EASE's weights by an inverse of people × people, for sets of few people: X is sparse, on both sides of it.

By Woodbury's identity (Hager, "Updating the inverse of a matrix", SIAM Review 1989) ``λP = I - XᵀKX`` with
``K = (XXᵀ + λI)⁻¹``. So ``B`` is ``XᵀKX`` over ``1 - diag(XᵀKX)`` off the diagonal. A film's row of ``XᵀKX`` is the sum
of its raters' rows of ``KX``: nothing of films × films is ever held.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from pipelines.models.parts import kernel
from pipelines.models.parts.compiled import prepare
from pipelines.models.parts.sparse import ROWS, largest_by_column, mirror
from pipelines.models.parts.through_films import FLOAT32_ERROR, not_definite, weights_through_films

log = logging.getLogger(__name__)


def weights_through_people(user_items: sp.csr_matrix, regularization: float, keep: int) -> sp.csr_matrix:
    """Return B, as `autoencoder.ease_weights`; through films where rounding would tell in the weights.

    Memory: 16 bytes × people², and 4 × people × films.
    """
    n_people, n_films = user_items.shape
    prepare(kernel.sums_of_rows, kernel.double_sums_of_rows)
    raters = user_items.T.tocsr()
    reached, explained = _reached(raters, _inverse(user_items, regularization))
    rest = 1 - explained
    if not _lost(user_items, regularization) <= FLOAT32_ERROR * rest.min():
        return weights_through_films(user_items, regularization, keep)
    log.info("ease.weights people=%d films=%d", n_people, n_films)
    ratings = raters.data.astype(np.float32)

    def weights(start: int, stop: int) -> NDArray[Any]:
        rows = np.empty((stop - start, n_films), np.float32)
        kernel.sums_of_rows(_bounds(raters, start, stop), raters.indices, ratings, reached, rows)
        rows /= rest[start:stop, None].astype(np.float32)
        return rows

    return largest_by_column(weights, n_films, keep)


def _lost(user_items: sp.csr_matrix, regularization: float) -> float:
    """Return what rounding may take from a weight, at most, before it is divided by its film's diagonal.

    K is at most 1/λ, so a film's sum over its raters in float32 loses √(Σx²/λ) times what 1 does. K itself loses what a
    matrix of its condition does in float64; the largest eigenvalue is at most the largest sum of a row of XXᵀ.
    """
    size = abs(user_items)
    films = np.asarray(size.multiply(size).sum(axis=0)).max()
    people = (size @ (size.T @ np.ones(size.shape[0]))).max()
    single, double = np.finfo(np.float32).eps, np.finfo(np.float64).eps
    return float(max(single * np.sqrt(1 + films / regularization), double * (1 + people / regularization)))


def _inverse(user_items: sp.csr_matrix, regularization: float) -> NDArray[np.float64]:
    """Return K, whole."""
    wide = user_items.astype(np.float64)
    shared = (wide @ wide.T).toarray()
    shared[np.diag_indices_from(shared)] += regularization
    # the transpose of a C array is a Fortran one, so nothing is copied
    lower, failed = lapack.dpotrf(shared.T, lower=1, overwrite_a=1)
    if failed == 0:
        lower, failed = lapack.dpotri(lower, lower=1, overwrite_c=1)
    if failed:
        raise not_definite(regularization)
    return mirror(lower.T)


def _reached(raters: sp.csr_matrix, inverse: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return KX, shape (n_people, n_films), and the diagonal of XᵀKX; threads share the films."""
    n_films, n_people = raters.shape
    reached, explained = np.empty((n_people, n_films), np.float32), np.empty(n_films)
    ratings = raters.data.astype(np.float64)

    def work_out(start: int) -> None:
        stop = min(start + ROWS, n_films)
        rows, bounds = np.empty((stop - start, n_people)), _bounds(raters, start, stop)
        kernel.double_sums_of_rows(bounds, raters.indices, ratings, inverse, rows)
        reached[:, start:stop] = rows.T
        explained[start:stop] = raters[start:stop].multiply(rows).sum(axis=1).ravel()

    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        list(threads.map(work_out, range(0, n_films, ROWS)))
    return reached, explained


def _bounds(rows: sp.csr_matrix, start: int, stop: int) -> NDArray[np.int64]:
    return np.asarray(rows.indptr[start : stop + 1], dtype=np.int64)
