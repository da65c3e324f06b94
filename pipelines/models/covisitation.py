"""Co-visitation: films rated near each other in people's sequences; the strongest single model where order matters.

After the item-to-item counts of Linden, Smith and York, "Amazon.com Recommendations", IEEE Internet Computing 2003,
with the ordered, distance-weighted pairs of session recommenders (Ludewig and Jannach, "Evaluation of session-based
recommendation algorithms", UMUAI 2018).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from pydantic import Field

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.item_side import Neighbours
from pipelines.models.parts.sparse import keep_largest_sparse
from pipelines.people.history import FloatArray, Histories, ItemArray, WeightRule, weigh

CHUNK_RATINGS = 1_000_000


class CovisitationConfig(ModelConfig):
    """Which pairs count, and how much."""

    window: int = Field(20, ge=1, description="Ratings at most this far apart in a sequence are near each other.")
    falloff: float = Field(0.5, ge=0, description="A pair at distance d counts d ** -falloff.")
    forward: float = Field(2.0, ge=0, description="Weight from the earlier to the later film; back it is 1.")
    damping: float = Field(0.4, ge=0, le=1, description="Counts are divided by the scored film's count ** damping.")
    source_damping: float = Field(0.5, ge=0, le=1, description="And by the history film's count ** source_damping.")
    neighbours: int = Field(500, ge=1, description="Films kept for each film, the strongest first.")
    training: WeightRule = Field(WeightRule(), description="A pair counts the product of its ratings' weights.")
    history: WeightRule = Field(WeightRule(decay=0.9, floor=0.01), description="Weights of the history scored.")


class CovisitationModel(Model):
    """A recency-weighted history times a sparse film × film matrix."""

    name = "covisitation"
    config_class = CovisitationConfig
    learned = ("counts_",)
    counts_: sp.csr_matrix
    """float32, shape (n_items, n_items): from a film of the history (row) to a scored one (column)."""

    def _fit(self, histories: Histories, films: Films) -> None:
        config: CovisitationConfig = self.config
        n_items = len(films)
        pairs = sp.csr_matrix((n_items, n_items), dtype=np.float64)
        step = max(1, CHUNK_RATINGS * len(histories) // max(1, len(histories.item_idx)))
        for _, some in histories.chunks(step):
            pairs = pairs + _pairs(some, weigh(some, config.training), config, n_items)
        popularity = np.maximum(np.bincount(histories.item_idx, minlength=n_items), 1).astype(np.float64)
        scaled = sp.diags(popularity**-config.source_damping) @ pairs @ sp.diags(popularity**-config.damping)
        self.counts_ = keep_largest_sparse(scaled.tocsr(), config.neighbours).astype(np.float32)

    def _item_side(self) -> Neighbours:
        return Neighbours.of(self.counts_)

    def _similar(self, item_idx: ItemArray) -> FloatArray:
        both = self.counts_[item_idx] + self.counts_.T.tocsr()[item_idx]
        scores: FloatArray = both.toarray().astype(np.float32)
        scores[scores == 0] = -np.inf
        return scores


def _pairs(histories: Histories, weights: FloatArray, config: CovisitationConfig, n_items: int) -> sp.csr_matrix:
    """Count the ordered pairs of some histories; two ratings of the same second have no order and share the weight."""
    owner, items, times = histories.owner, histories.item_idx, histories.rated_at
    total = sp.csr_matrix((n_items, n_items), dtype=np.float64)
    for distance in range(1, min(config.window, max(0, len(items) - 1)) + 1):
        near = np.flatnonzero(owner[distance:] == owner[:-distance])
        if len(near) == 0:
            break
        first, second = near, near + distance
        value = weights[first].astype(np.float64) * weights[second] * distance**-config.falloff
        tied = times[first] == times[second]
        ahead = np.where(tied, (config.forward + 1) / 2, config.forward) * value
        back = np.where(tied, (config.forward + 1) / 2, 1.0) * value
        rows = np.concatenate((items[first], items[second]))
        columns = np.concatenate((items[second], items[first]))
        total = total + sp.csr_matrix((np.concatenate((ahead, back)), (rows, columns)), shape=total.shape)
    total.eliminate_zeros()
    return total
