"""EASE's weights by an inverse of films × films: LAPACK's Cholesky pair potrf and potri, in place, on one triangle."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from pipelines.models.parts.sparse import BLOCK, largest_by_column, mirror
from warehouse.errors import ModelError

log = logging.getLogger(__name__)

FLOAT32_ERROR = 1e-3
"""Relative error of the inverse up to which float32 is good enough; beyond it the work is done again in float64."""
PROBES = 4


def weights_through_films(user_items: sp.csr_matrix, regularization: float, keep: int) -> sp.csr_matrix:
    """Return B, as `autoencoder.ease_weights`. Memory: 4 bytes × films², twice that where float64 is needed."""
    inverse = _inverse(user_items, regularization)
    diagonal = inverse.diagonal().copy()
    # P is symmetric: a row of it is the column of B that belongs to one scored film
    return largest_by_column(lambda start, stop: inverse[start:stop] / -diagonal[start:stop, None], len(inverse), keep)


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
            whole = mirror(lower.T)
            error = inverse_error(whole, user_items, regularization)
            log.info("ease.inverse films=%d dtype=%s error=%.1e", len(whole), np.dtype(dtype).name, error)
            if error <= FLOAT32_ERROR or dtype is np.float64:
                return whole
    raise not_definite(regularization)


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


def not_definite(regularization: float) -> ModelError:
    """Say what to do about a matrix that has no inverse for rounding."""
    return ModelError(f"ease: XᵀX + {regularization:g}·I is not positive definite; raise regularization")
