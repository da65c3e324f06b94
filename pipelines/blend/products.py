"""What a factor model says of every film to many histories at once: their vectors times all films' factors.

A product of matrices is the quicker the more histories share it, so it is worked out for more of them than are scored
together after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.models.parts.fold_in import FoldIn
from pipelines.models.parts.item_side import BoolArray, Factors
from pipelines.people.history import FloatArray, Histories

PRODUCT_BYTES = 64_000_000
"""Scores of one factor model held at once."""
LARGEST_PRODUCT = 96
"""Histories whose scores are worked out together."""


@dataclass(frozen=True)
class Product:
    """A factor model's scores of some histories.

    Attributes
    ----------
    fold : FoldIn
        The histories' systems.
    rows : float32 array, shape (n_histories, n_items)
        Scores; 0 for what a history holds, if the model reads it.
    sums : float64 array, shape (n_histories, 2)
        Sum, and sum of squares, over the films that the model scores and the history does not hold.
    read : bool array, shape (n_histories,)
        Whether the model finds anything to read.
    """

    fold: FoldIn
    rows: FloatArray
    sums: NDArray[np.float64]
    read: BoolArray

    def part(self, start: int, stop: int) -> Product:
        """Return the histories from ``start`` to ``stop``."""
        own = slice(start, stop)
        return Product(self.fold.part(start, stop), self.rows[own], self.sums[own], self.read[own])


def room_for(side: Factors, n_histories: int, n_items: int) -> FloatArray:
    """Return room for the scores of up to so many histories, shape (histories at once, n_items)."""
    if not side.folded:  # what depends on no history is the same row for all
        return np.broadcast_to(side.columns[0], (max(1, min(LARGEST_PRODUCT, n_histories)), n_items))
    size = max(1, min(LARGEST_PRODUCT, PRODUCT_BYTES // max(1, 4 * n_items), n_histories))
    return np.empty((size, n_items), dtype=np.float32)


def product_of(side: Factors, fold: FoldIn, histories: Histories, rows: FloatArray) -> Product:
    """Work out u·Y for each history, into ``rows``."""
    n, owner, items = len(histories), histories.owner, histories.item_idx
    read = np.bincount(owner, weights=fold.curvature, minlength=n) > 0
    if not side.folded:
        held = np.where(side.scored[items], side.columns[0, items], 0).astype(np.float64)
        first, second = side.first[0], side.second[0, 0]
    else:
        narrow = side.complete(fold.solve(keep=True)).astype(np.float32)
        np.matmul(narrow, side.columns, out=rows)
        held = np.where(side.scored[items], rows[owner, items], 0).astype(np.float64)
        rows[owner, items] = 0
        wide = narrow.astype(np.float64)
        first, second = wide @ side.first, ((wide @ side.second) * wide).sum(axis=1)
    rest = first - np.bincount(owner, weights=held, minlength=n)
    squares = second - np.bincount(owner, weights=held**2, minlength=n)
    return Product(fold, rows, np.column_stack((rest, squares)), read)
