"""Fold-in: the user's factor that a history asks for, solved exactly instead of learned.

A factor model fixes its item side; the user side is then a small linear system per history,
``(base + sum(curvature_i f_i f_i^T)) x = sum(target_i f_i)``, and its solution is a sum over the history's ratings,
so that what each rating adds to a score is exact too (Hu, Koren and Volinsky 2008, equation 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.people.history import FloatArray, Histories, ItemArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class FoldIn:
    """The linear systems of some histories.

    Attributes
    ----------
    item_factors : float array, shape (n_items, factors)
    curvature, target : float64 arrays, shape (n_ratings,)
        What each rating adds to its history's system and to its right-hand side.
    base : float64 array, shape (factors, factors)
        Positive definite; the system of an empty history.
    """

    item_factors: NDArray[np.floating[Any]]
    curvature: Matrix
    target: Matrix
    base: Matrix

    def solve(self, histories: Histories) -> Matrix:
        """Return the user factor of each history, float64, shape (n_histories, factors)."""
        systems = np.tile(self.base, (len(histories), 1, 1))
        sides = np.zeros((len(histories), len(self.base), 1))
        for row in range(len(histories)):
            part = slice(histories.indptr[row], histories.indptr[row + 1])
            factors = self.item_factors[histories.item_idx[part]].astype(np.float64)
            systems[row] += (factors.T * self.curvature[part]) @ factors
            sides[row, :, 0] = factors.T @ self.target[part]
        return np.asarray(np.linalg.solve(systems, sides)[:, :, 0], dtype=np.float64)

    def contributions(self, history: Histories, item_idx: ItemArray) -> FloatArray:
        """Return what each rating of one history adds to each film's score, float32, (len(item_idx), n_ratings).

        A row sums to the dot product of the solved user factor with the film's factor.
        """
        factors = self.item_factors[history.item_idx].astype(np.float64)
        system = self.base + (factors.T * self.curvature) @ factors
        influence = self.item_factors[item_idx].astype(np.float64) @ np.linalg.solve(system, factors.T)
        added: FloatArray = (influence * self.target).astype(np.float32)
        return added


def cosine(item_factors: NDArray[np.floating[Any]], item_idx: ItemArray, usable: NDArray[np.bool_]) -> FloatArray:
    """Return the cosine of the given films' factors with all, -inf for films that are not usable, float32."""
    norms = np.linalg.norm(item_factors, axis=1)
    unit = item_factors / np.maximum(norms, 1e-12)[:, None]
    scores: FloatArray = (unit[item_idx] @ unit.T).astype(np.float32)
    scores[:, ~usable] = -np.inf
    scores[~usable[item_idx]] = -np.inf
    return scores
