"""EASE's weights in closed form, by the cheaper of two ways to one inverse: through films, or through people.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019: ``B = I - P / diag(P)`` with
``P = (XᵀX + λI)⁻¹``, X people × films.

- **Through films**: LAPACK's Cholesky pair potrf and potri on films × films, in place, on one triangle.
- **Through people**, where they are few: by Woodbury's identity (Hager, "Updating the inverse of a matrix", SIAM Review
  1989) ``λP = I - Xᵀ(XXᵀ + λI)⁻¹X = I - ZᵀZ`` with ``Z = L⁻¹X`` and ``LLᵀ = XXᵀ + λI``. So ``B`` is ``ZᵀZ`` over
  ``1 - diag(ZᵀZ)`` off the diagonal, worked out row by row: nothing of films × films is ever held.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import blas, lapack
from threadpoolctl import threadpool_limits

from pipelines.models.parts.sparse import keep_largest
from warehouse.errors import ModelError

log = logging.getLogger(__name__)

BLOCK = 1024
ROWS = 256
"""Films whose weights are cut to the largest at once."""
FLOAT32_ERROR = 1e-3
"""Relative error of the inverse up to which float32 is good enough; beyond it the work is done again in float64."""
PROBES = 4


def ease_weights(user_items: sp.csr_matrix, regularization: float, keep: int) -> sp.csr_matrix:
    """Return B, each column's ``keep`` largest weights by magnitude, in the way that takes less work.

    Parameters
    ----------
    user_items : CSR matrix, shape (n_people, n_films)
        Every film is rated by somebody.
    regularization : float
        λ, above 0.

    Returns
    -------
    CSR matrix, float32, shape (n_films, n_films)
        From a film of the history (row) to a scored one (column); the diagonal is 0.

    Raises
    ------
    ModelError
        If the matrix to be inverted is not positive definite, for rounding.
    """
    through = weights_through_people if people_are_cheaper(*user_items.shape) else weights_through_films
    return through(user_items, regularization, keep)


def people_are_cheaper(n_people: int, n_films: int) -> bool:
    """Tell which way takes fewer multiplications, those in float64 counted twice.

    Through films n³ for the inverse; through people p³/3 for the factor and p²n for Z in float64, 2pn² for ZᵀZ.
    """
    through_people = 2 * (n_people**3 / 3 + n_people**2 * n_films) + 2 * n_people * n_films**2
    return through_people < n_films**3


def weights_through_people(user_items: sp.csr_matrix, regularization: float, keep: int) -> sp.csr_matrix:
    """Return B by an inverse of people × people; as `ease_weights`."""
    n_people, n_films = user_items.shape
    wide = user_items.astype(np.float64)
    shared = (wide @ wide.T).toarray()
    shared[np.diag_indices(n_people)] += regularization
    factor, failed = lapack.dpotrf(shared.T, lower=1, overwrite_a=1)
    if failed:
        raise _not_definite(regularization)
    # columns of a Fortran array are rows of its transpose, so a film's part of Z is one stretch of memory
    half = blas.dtrsm(1.0, factor, wide.toarray(order="F"), lower=1, overwrite_b=1).T
    rest = 1 - np.einsum("ij,ij->i", half, half)
    # |P_ij| is at most √(P_ii P_jj): what float32 loses of a weight is its rounding over the smallest diagonal
    if np.finfo(np.float32).eps / rest.min() <= FLOAT32_ERROR:
        half = half.astype(np.float32)
    log.info("ease.weights people=%d films=%d dtype=%s", n_people, n_films, half.dtype)

    def weights(start: int, stop: int) -> NDArray[Any]:
        rows: NDArray[Any] = half[start:stop] @ half.T
        rows /= rest[start:stop, None].astype(half.dtype)
        return rows

    return _largest_by_column(weights, n_films, keep)


def weights_through_films(user_items: sp.csr_matrix, regularization: float, keep: int) -> sp.csr_matrix:
    """Return B by an inverse of films × films; as `ease_weights`. Memory: 4 bytes × films², twice for float64."""
    inverse = _inverse(user_items, regularization)
    diagonal = inverse.diagonal().copy()
    # P is symmetric: a row of it is the column of B that belongs to one scored film
    return _largest_by_column(lambda start, stop: inverse[start:stop] / -diagonal[start:stop, None], len(inverse), keep)


def _largest_by_column(weights: Callable[[int, int], NDArray[Any]], n_films: int, keep: int) -> sp.csr_matrix:
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


def _inverse(user_items: sp.csr_matrix, regularization: float) -> NDArray[Any]:
    """Return (XᵀX + λI)⁻¹, whole, in float32 where that is found good enough, else in float64."""
    for dtype in (np.float32, np.float64):
        matrix = gram(user_items, dtype)
        matrix[np.diag_indices_from(matrix)] += regularization
        factor, inverse = ("spotrf", "spotri") if dtype is np.float32 else ("dpotrf", "dpotri")
        # the transpose of a C array is a Fortran one, so its lower triangle is our upper one, and nothing is copied
        lower, failed = getattr(lapack, factor)(matrix.T, lower=1, overwrite_a=1, clean=0)
        if failed == 0:
            lower, failed = getattr(lapack, inverse)(lower, lower=1, overwrite_c=1)
        if failed == 0:
            whole = _mirror(lower.T)
            error = inverse_error(whole, user_items, regularization)
            log.info("ease.inverse films=%d dtype=%s error=%.1e", len(whole), np.dtype(dtype).name, error)
            if error <= FLOAT32_ERROR or dtype is np.float64:
                return whole
    raise _not_definite(regularization)


def gram(user_items: sp.csr_matrix, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
    """Return the upper triangle of XᵀX as a dense square array, by sparse products of blocks of films."""
    n_items = user_items.shape[1]
    dense = np.zeros((n_items, n_items), dtype=dtype)
    columns = user_items.tocsc().astype(dtype)
    for start in range(0, n_items, BLOCK):
        stop = min(start + BLOCK, n_items)
        rows = columns[:, start:stop].T.tocsr()
        dense[start:stop, start:] = (rows @ columns[:, start:].tocsr()).toarray()
    return dense


def inverse_error(inverse: NDArray[Any], user_items: sp.csr_matrix, regularization: float) -> float:
    """Estimate an inverse's relative error from what it misses on random vectors, computed in float64.

    The correction that one step of iterative refinement would make (Higham, "Accuracy and Stability of Numerical
    Algorithms", 2002, chapter 12), over the size of what it corrects. A bound from the condition number would refuse
    float32 for every large set: the popular films stretch it, and Cholesky does not mind how films are scaled.
    """
    probes = np.random.default_rng(0).choice(np.array([-1.0, 1.0]), size=(len(inverse), PROBES))
    product = (inverse @ probes.astype(inverse.dtype)).astype(np.float64)
    wide = user_items.astype(np.float64)
    missed = probes - wide.T @ (wide @ product) - regularization * product
    correction = inverse @ missed.astype(inverse.dtype)
    return float(np.linalg.norm(correction) / np.linalg.norm(product))


def _mirror(upper: NDArray[Any]) -> NDArray[Any]:
    """Copy the upper triangle into the lower one, in place and in blocks."""
    n_items = len(upper)
    for start in range(0, n_items, BLOCK):
        stop = min(start + BLOCK, n_items)
        upper[stop:, start:stop] = upper[start:stop, stop:].T
        corner = upper[start:stop, start:stop]
        corner[:] = np.triu(corner) + np.triu(corner, 1).T
    return upper


def _not_definite(regularization: float) -> ModelError:
    return ModelError(f"ease: XᵀX + {regularization:g}·I is not positive definite; raise regularization")
