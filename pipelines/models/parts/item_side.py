"""The item side of a model, in the two shapes that ranking can read in one pass.

A film × film model is a sparse matrix that a history's weights are multiplied with. A factor model is a row of numbers
a film that the history's own numbers, solved by fold-in, are multiplied with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from pipelines.models.parts.fold_in import Matrix
from pipelines.people.history import FloatArray, IntArray, ItemArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Neighbours:
    """A sparse film × film matrix: from a film of the history (row) to a scored one (column).

    A film that no film of the history leads to has the score 0 and is no candidate.

    Attributes
    ----------
    indptr, indices, data : int64, int32, float32 arrays, read-only
        CSR, columns ascending within a row; may be memory-mapped.
    scored : bool array, shape (n_items,)
        Films that some other film leads to.
    """

    indptr: IntArray
    indices: ItemArray
    data: FloatArray
    scored: BoolArray

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> Neighbours:
        """Take a CSR matrix, shape (n_items, n_items), float32, its columns in order; nothing large is copied.

        Raises
        ------
        ValueError
            If the arrays do not fit each other: compiled code does not look where it reads.
        """
        if not matrix.has_sorted_indices:
            matrix = matrix.sorted_indices()
        n_items, indptr = matrix.shape[1], _read_only(matrix.indptr.astype(np.int64))
        bounds = (int(matrix.indices.min()), int(matrix.indices.max())) if matrix.nnz else (0, 0)
        if bounds[0] < 0 or bounds[1] >= n_items or (np.diff(indptr) < 0).any() or indptr[0] != 0:
            raise ValueError(f"a film × film matrix of {n_items} films names films {bounds[0]} to {bounds[1]}")
        if matrix.shape[0] != n_items or not indptr[-1] <= len(matrix.data) == len(matrix.indices):
            raise ValueError(f"a film × film matrix of {n_items} films has {len(matrix.data)} of {indptr[-1]} weights")
        scored = np.zeros(n_items, dtype=np.bool_)
        scored[matrix.indices] = True
        return cls(indptr, _read_only(matrix.indices), _read_only(matrix.data), scored)

    @classmethod
    def both_ways(cls, matrix: sp.csr_matrix) -> Neighbours:
        """Take the mean of a matrix and its transpose, which is worked out once."""
        return cls.of(((matrix + matrix.T.tocsr()) / 2).astype(np.float32))

    @property
    def matrix(self) -> sp.csr_matrix:
        """The matrix as scipy knows it, nothing copied."""
        n_items = len(self.scored)
        return sp.csr_matrix((self.data, self.indices, self.indptr), shape=(n_items, n_items), copy=False)


@dataclass(frozen=True)
class Factors:
    """Numbers of each film, multiplied with the history's.

    Attributes
    ----------
    factors : float32 array, shape (n_items, width)
        The columns that fold-in solves for, then, where films have a score of their own, one column of those scores,
        which every history reads as it is. Rows of films that are not scored are 0.
    columns : float32 array, shape (width, n_items)
        The same, a film a column: products with many histories read it in one run.
    base : float64 array, shape (folded, folded)
        The linear system of an empty history; ``folded`` is ``width`` or one less.
    scored : bool array, shape (n_items,)
    first, second : float64 arrays, shapes (width,) and (width, width)
        Sums of the scored films' rows and of their outer products: mean and deviation of a history's scores over all
        films follow from them, without scoring one.
    """

    factors: FloatArray
    columns: FloatArray
    base: Matrix
    scored: BoolArray
    first: Matrix
    second: Matrix

    @classmethod
    def of(cls, factors: FloatArray, base: Matrix, scored: BoolArray, own: FloatArray | None = None) -> Factors:
        """Take item factors, shape (n_items, folded), and films' own scores, shape (n_items,), if they have any."""
        whole = np.asarray(factors) if own is None else np.column_stack((factors, own)).astype(np.float32)
        if whole[~scored].any():
            whole = np.where(scored[:, None], whole, np.float32(0))
        wide = whole.astype(np.float64)
        columns = np.ascontiguousarray(whole.T)
        return cls(np.ascontiguousarray(whole), columns, base, np.asarray(scored), wide.sum(axis=0), wide.T @ wide)

    @classmethod
    def of_unit_length(cls, factors: FloatArray, scored: BoolArray) -> Factors:
        """Take item factors divided by their lengths, whose products are cosines; an identity stands for the system."""
        lengths = np.linalg.norm(factors, axis=1, keepdims=True)
        unit = (factors / np.maximum(lengths, 1e-12)).astype(np.float32)
        return cls.of(unit, np.eye(factors.shape[1]), scored & (lengths[:, 0] > 0))

    @property
    def folded(self) -> int:
        """How many of the columns fold-in solves for."""
        return len(self.base)

    def complete(self, solved: Matrix) -> Matrix:
        """Return histories' numbers for all columns: those solved for, and 1 for films' own scores."""
        missing = self.factors.shape[1] - self.folded
        return np.column_stack((solved, np.ones((len(solved), missing)))) if missing else solved


ItemSide = Neighbours | Factors


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array as a plain read-only one: one type for what is mapped and what is in memory."""
    plain = np.asarray(array).view()
    plain.flags.writeable = False
    return plain
