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
from pipelines.models.parts.pair_counts import count_pairs
from pipelines.people.history import Histories, HistoryRule, WeightRule, weigh
from warehouse.errors import NotFittedError


class CovisitationConfig(ModelConfig):
    """Which pairs count, and how much."""

    window: int = Field(20, ge=1, description="Ratings at most this far apart in a sequence are near each other.")
    falloff: float = Field(0.5, ge=0, description="A pair at distance d counts d ** -falloff.")
    forward: float = Field(2.0, ge=0, description="Weight from the earlier to the later film; back it is 1.")
    damping: float = Field(0.4, ge=0, le=1, description="Counts are divided by the scored film's count ** damping.")
    source_damping: float = Field(0.5, ge=0, le=1, description="And by the history film's count ** source_damping.")
    neighbours: int = Field(500, ge=1, description="Films kept for each film, the strongest first.")
    training: WeightRule = Field(WeightRule(), description="A pair counts the product of its ratings' weights.")
    shrinkage: float = Field(
        20.0, ge=0, description="Ratings added to each film's where likeness is told: what few people saw is no twin."
    )
    history: HistoryRule = Field(HistoryRule(decay=0.9, floor=0.01), description="Weights of the history scored.")


class CovisitationModel(Model):
    """A recency-weighted history times a sparse film × film matrix."""

    name = "covisitation"
    config_class = CovisitationConfig
    format_version = 2
    learned = ("counts_",)
    counts_: sp.csr_matrix
    """float32, shape (n_items, n_items): from a film of the history (row) to a scored one (column)."""

    def _fit(self, histories: Histories, films: Films) -> None:
        config: CovisitationConfig = self.config
        popularity = np.maximum(np.bincount(histories.item_idx, minlength=len(films)), 1).astype(np.float64)
        self.counts_ = count_pairs(
            histories,
            weigh(histories, config.training),
            near=np.arange(1, config.window + 1, dtype=np.float64) ** -config.falloff,
            forward=config.forward,
            row_scale=popularity**-config.source_damping,
            column_scale=popularity**-config.damping,
            keep=config.neighbours,
        )

    def _item_side(self) -> Neighbours:
        return Neighbours.of(self.counts_)

    def likeness(self) -> Neighbours:
        """Take the counts of both directions over the root of both films' ratings: a cosine, shrunk for rare films.

        Undamped, or every film would be most like what everybody has seen.
        """
        if self.ratings_ is None:
            raise NotFittedError("covisitation has not been fitted; call fit or load first")
        popularity = np.maximum(self.ratings_, 1).astype(np.float64)
        cosine = (popularity + self.config.shrinkage) ** -0.5
        rows, columns = (popularity**damping * cosine for damping in (self.config.source_damping, self.config.damping))
        counts = self.counts_
        values = counts.data * np.repeat(rows, np.diff(counts.indptr)) * columns[counts.indices]
        scaled = (values.astype(np.float32), counts.indices, counts.indptr)
        return Neighbours.both_ways(sp.csr_matrix(scaled, shape=counts.shape, copy=False))
