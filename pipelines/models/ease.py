"""EASE: a film × film weight matrix in closed form, the strongest linear model for its size.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. ``B = I - P / diag(P)`` with
``P = (XᵀX + λI)⁻¹``; the inverse is LAPACK's Cholesky pair potrf and potri, in place, on one triangle.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field
from scipy.linalg import lapack

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.item_side import Neighbours
from pipelines.models.parts.sampling import latest
from pipelines.models.parts.sparse import keep_largest
from pipelines.people.history import Histories, HistoryRule, ItemArray, WeightRule, weigh
from warehouse.errors import ModelError

log = logging.getLogger(__name__)

BLOCK = 1024
FLOAT32_ERROR = 1e-3
"""Relative error of the inverse up to which float32 is good enough; beyond it the work is done again in float64."""
PROBES = 4


class EaseConfig(ModelConfig):
    """Hyper-parameters; ``regularization`` is Steck's λ."""

    regularization: float = Field(300.0, gt=0)
    max_items: int = Field(20_000, ge=1, description="Only this many most rated films are learned and scored.")
    max_history: int = Field(2_000, ge=1, description="Only this many latest ratings of a person are learned from.")
    dense_items: int = Field(3_000, ge=1, description="Up to this many films every weight is kept.")
    neighbours: int = Field(500, ge=1, description="Beyond that, the weights kept for each film, by magnitude.")
    training: WeightRule = Field(WeightRule(power=0), description="Weights of the ratings that are learned from.")
    history: HistoryRule = Field(HistoryRule(power=0), description="Weights of the history that is scored.")


class EaseModel(Model):
    """A history's weights times the film × film matrix. Memory while fitting: 4 bytes × films², twice for float64."""

    name = "ease"
    config_class = EaseConfig
    format_version = 2
    learned = ("kept_", "weights_")
    kept_: ItemArray
    """int32, shape (n_kept,): the item_idx that are scored, ascending."""
    weights_: sp.csr_matrix
    """float32, shape (n_items, n_items): from a film of the history (row) to a scored one (column)."""

    def _fit(self, histories: Histories, films: Films) -> None:
        config: EaseConfig = self.config
        recent = latest(histories, config.max_history)
        user_items = recent.matrix(weigh(recent, config.training), len(films))
        rated = np.bincount(user_items.indices, minlength=len(films))
        order = np.lexsort((np.arange(len(films)), -rated))[: config.max_items]
        self.kept_ = np.sort(order[rated[order] > 0]).astype(np.int32)
        n_kept = len(self.kept_)
        log.info("ease.fit films=%d bytes=%d", n_kept, 4 * n_kept * n_kept)
        inverse = _inverse(user_items[:, self.kept_], config.regularization)
        weights = _to_weights(inverse, n_kept if n_kept <= config.dense_items else config.neighbours)
        self.weights_ = _spread(weights, self.kept_, len(films))

    def _item_side(self) -> Neighbours:
        return Neighbours.of(self.weights_)

    def likeness(self) -> Neighbours:
        """Take the weights of both directions: B is not symmetric, likeness is."""
        return Neighbours.both_ways(self.weights_)


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


def _inverse(user_items: sp.csr_matrix, regularization: float) -> NDArray[Any]:
    """Return (XᵀX + λI)⁻¹, whole, in float32 where that is found good enough, else in float64."""
    for dtype in (np.float32, np.float64):
        matrix = gram(user_items, dtype)
        matrix[np.diag_indices_from(matrix)] += regularization
        factor, inverse = ("spotrf", "spotri") if dtype is np.float32 else ("dpotrf", "dpotri")
        # the transpose of a C array is a Fortran one, so its lower triangle is our upper one, and nothing is copied
        found, failed = getattr(lapack, factor)(matrix.T, lower=1, overwrite_a=1, clean=0)
        if failed == 0:
            found, failed = getattr(lapack, inverse)(found, lower=1, overwrite_c=1)
        if failed == 0:
            whole = _mirror(found.T)
            error = inverse_error(whole, user_items, regularization)
            log.info("ease.inverse films=%d dtype=%s error=%.1e", len(whole), np.dtype(dtype).name, error)
            if error <= FLOAT32_ERROR or dtype is np.float64:
                return whole
    raise ModelError(f"ease: XᵀX + {regularization:g}·I is not positive definite; raise regularization")


def inverse_error(inverse: NDArray[Any], user_items: sp.csr_matrix, regularization: float) -> float:
    """Estimate an inverse's relative error from what it misses on random vectors, computed in float64.

    The correction that one step of iterative refinement would make (Higham, "Accuracy and Stability of Numerical
    Algorithms", 2002, chapter 12), over the size of what it corrects. A bound from the condition number would refuse
    float32 for every large set: the popular films stretch it, and Cholesky does not mind how films are scaled.
    """
    probes = np.random.default_rng(0).choice(np.array([-1.0, 1.0]), size=(len(inverse), PROBES))
    found = (inverse @ probes.astype(inverse.dtype)).astype(np.float64)
    wide = user_items.astype(np.float64)
    missed = probes - wide.T @ (wide @ found) - regularization * found
    correction = inverse @ missed.astype(inverse.dtype)
    return float(np.linalg.norm(correction) / np.linalg.norm(found))


def _mirror(upper: NDArray[Any]) -> NDArray[Any]:
    """Copy the upper triangle into the lower one, in place and in blocks."""
    n_items = len(upper)
    for start in range(0, n_items, BLOCK):
        stop = min(start + BLOCK, n_items)
        upper[stop:, start:stop] = upper[start:stop, stop:].T
        corner = upper[start:stop, start:stop]
        corner[:] = np.triu(corner) + np.triu(corner, 1).T
    return upper


def _to_weights(inverse: NDArray[Any], neighbours: int) -> sp.csr_matrix:
    """Turn P into B, in place; each column's ``neighbours`` largest weights remain, as CSR."""
    diagonal = inverse.diagonal().copy()
    np.fill_diagonal(inverse, 0)
    # P is symmetric: a row of it is the column of B that belongs to one scored film
    parts = []
    for start in range(0, len(inverse), BLOCK):
        stop = min(start + BLOCK, len(inverse))
        parts.append(keep_largest(inverse[start:stop] / -diagonal[start:stop, None], neighbours))
    return sp.vstack(parts, format="csr").T.tocsr().astype(np.float32)


def _spread(weights: sp.csr_matrix, kept: ItemArray, n_items: int) -> sp.csr_matrix:
    """Return the weights between the kept films as a matrix of all films."""
    counts = np.zeros(n_items, dtype=np.int64)
    counts[kept] = np.diff(weights.indptr)
    indptr = np.concatenate(([0], np.cumsum(counts)))
    return sp.csr_matrix((weights.data, kept[weights.indices], indptr), shape=(n_items, n_items))
