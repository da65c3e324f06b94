"""EASE: a film × film weight matrix in closed form, the strongest linear model for its size.

Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019; `parts.autoencoder` works the matrix out.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from pydantic import Field

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.autoencoder import ease_weights
from pipelines.models.parts.item_side import Neighbours
from pipelines.models.parts.sampling import latest
from pipelines.people.history import Histories, HistoryRule, ItemArray, WeightRule, weigh


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
    """A history's weights times the film × film matrix."""

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
        count = n_kept if n_kept <= config.dense_items else config.neighbours
        weights = ease_weights(user_items[:, self.kept_], config.regularization, count)
        self.weights_ = _spread(weights, self.kept_, len(films))

    def _item_side(self) -> Neighbours:
        return Neighbours.of(self.weights_)

    def likeness(self) -> Neighbours:
        """Take the weights of both directions: B is not symmetric, likeness is."""
        return Neighbours.both_ways(self.weights_)


def _spread(weights: sp.csr_matrix, kept: ItemArray, n_items: int) -> sp.csr_matrix:
    """Return the weights between the kept films as a matrix of all films."""
    counts = np.zeros(n_items, dtype=np.int64)
    counts[kept] = np.diff(weights.indptr)
    indptr = np.concatenate(([0], np.cumsum(counts)))
    return sp.csr_matrix((weights.data, kept[weights.indices], indptr), shape=(n_items, n_items))
