"""Fold-in: the user's factor that a history asks for, solved exactly instead of learned.

A factor model fixes its item side; the user side is then a small linear system per history,
``(base + sum(curvature_i f_i f_i^T)) x = sum(target_i f_i)``, and its solution is a sum over the history's ratings,
so that what each rating adds to a score is exact too (Hu, Koren and Volinsky 2008, equation 7). One history's system is
in memory at a time; base is positive definite, so LAPACK's Cholesky solver serves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dposv, dpotrs

from pipelines.people.history import IntArray, ItemArray
from warehouse.errors import ModelError

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class FoldIn:
    """The linear systems of a batch of histories.

    Attributes
    ----------
    item_factors : float array, shape (n_items, factors)
    base : float64 array, shape (factors, factors)
        Positive definite; the system of an empty history.
    bounds : int64 array, shape (n_histories + 1,)
    item_idx : int32 array, shape (n_ratings,)
    curvature, target : float64 arrays, shape (n_ratings,)
        What each rating adds to its history's system and to its right-hand side; where both are 0 it is not read.
    """

    item_factors: NDArray[np.floating[Any]]
    base: Matrix
    bounds: IntArray
    item_idx: ItemArray
    curvature: Matrix
    target: Matrix
    solved: dict[int, tuple[Matrix, Matrix]] = field(default_factory=dict, compare=False, repr=False)
    """Histories whose solutions are kept: only of a small batch, as each holds factors² numbers."""

    def solve(self, *, keep: bool = False) -> Matrix:
        """Return the user factor of each history, float64, shape (n_histories, factors).

        With ``keep`` what was solved is kept for `contributions`.
        """
        solved = np.zeros((len(self.bounds) - 1, len(self.base)))
        if len(self.base):
            for row in range(len(solved)):
                if self.bounds[row] < self.bounds[row + 1]:
                    found = self._solve(row)
                    solved[row] = found[0]
                    if keep:
                        self.solved[row] = found
        return solved

    def part(self, start: int, stop: int) -> FoldIn:
        """Return the histories from ``start`` to ``stop``, with what was kept of them."""
        flat = slice(self.bounds[start], self.bounds[stop])
        bounds, solved = self.bounds[start : stop + 1] - self.bounds[start], self.solved
        kept = {row - start: solved[row] for row in range(start, stop) if row in solved}
        return FoldIn(
            self.item_factors, self.base, bounds, self.item_idx[flat], self.curvature[flat], self.target[flat], kept
        )

    def contributions(self, row: int, item_idx: ItemArray) -> Matrix:
        """Return what each rating of a history adds to each film's score, float64, (len(item_idx), n_ratings).

        A row sums to the dot product of the solved user factor with the film's factor.
        """
        part = slice(self.bounds[row], self.bounds[row + 1])
        if len(self.base) == 0:
            return np.zeros((len(item_idx), part.stop - part.start))
        cholesky = self._solve(row)[1]
        listed = self.item_factors[item_idx].astype(np.float64)
        influence = dpotrs(cholesky, listed.T, lower=1)[0]
        history = self.item_factors[self.item_idx[part]].astype(np.float64)
        return np.asarray((history @ influence).T * self.target[part], dtype=np.float64)

    def _solve(self, row: int) -> tuple[Matrix, Matrix]:
        """Return a history's factor and the Cholesky factor of its system."""
        if row in self.solved:
            return self.solved[row]
        part = slice(self.bounds[row], self.bounds[row + 1])
        target, curvature = self.target[part], self.curvature[part]
        factors = self.item_factors[self.item_idx[part]].astype(np.float64)
        system = (factors.T * curvature) @ factors
        system += self.base
        cholesky, solution, failed = dposv(system, target @ factors, lower=1)
        if failed:
            raise ModelError("a history's linear system is not positive definite; raise the model's regularization")
        return solution, cholesky
