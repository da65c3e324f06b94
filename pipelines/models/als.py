"""ALS: implicit matrix factorisation whose user side is solved from the history at scoring time.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008. The fit is implicit's
`AlternatingLeastSquares`; the fold-in and the explanation are the paper's equations 4 and 7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from threadpoolctl import threadpool_limits

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.fold_in import Matrix
from pipelines.models.parts.item_side import Factors
from pipelines.people.history import FloatArray, Histories, HistoryRule, WeightRule, weigh


class AlsConfig(ModelConfig):
    """Hyper-parameters; a rating's confidence is ``1 + alpha * weight``.

    The best trust in a history is often another than the best one in the data learned from: it has one alpha too.
    """

    factors: int = Field(64, ge=1, le=1024)
    regularization: float = Field(0.05, gt=0, description="The constant added to every normal equation's diagonal.")
    alpha: float = Field(10.0, gt=0, description="Confidence that a weight of 1 adds in the fit.")
    history_alpha: float = Field(10.0, gt=0, description="Confidence that a weight of 1 adds when a history is scored.")
    iterations: int = Field(15, ge=1)
    training: WeightRule = Field(WeightRule(), description="Weights of the ratings that are learned from.")
    history: HistoryRule = Field(HistoryRule(), description="Weights of the history that is scored.")


class AlsModel(Model):
    """Item factors learned by ALS; a history's factor is solved exactly, then multiplied with them."""

    name = "als"
    config_class = AlsConfig
    learned = ("item_factors_", "gram_", "rated_")
    item_factors_: FloatArray
    """float32, shape (n_items, factors)."""
    gram_: Matrix
    """float64, shape (factors, factors): YᵀY plus the regularization's diagonal."""
    rated_: NDArray[np.bool_]
    """bool, shape (n_items,): films with a rating in the fit; only these are scored."""

    def _fit(self, histories: Histories, films: Films) -> None:
        from implicit.cpu.als import AlternatingLeastSquares

        config: AlsConfig = self.config
        weights = weigh(histories, config.training)
        confidence = histories.matrix(np.where(weights > 0, 1 + config.alpha * weights, 0), len(films))
        with threadpool_limits(1, "blas"):
            trainer = AlternatingLeastSquares(
                factors=config.factors,
                regularization=config.regularization,
                alpha=1.0,
                iterations=config.iterations,
                random_state=config.random_state,
                num_threads=0,
            )
            trainer.fit(confidence.astype(np.float32), show_progress=False)
        self.item_factors_ = np.ascontiguousarray(trainer.item_factors, dtype=np.float32)
        factors = self.item_factors_.astype(np.float64)
        self.gram_ = np.asarray(factors.T @ factors + config.regularization * np.eye(config.factors), dtype=np.float64)
        self.rated_ = np.bincount(confidence.indices, minlength=len(films)) > 0

    def _item_side(self) -> Factors:
        return Factors.of(self.item_factors_, self.gram_, self.rated_)

    def signals(self, histories: Histories, weights: FloatArray) -> tuple[Matrix, Matrix]:
        """Each rating adds its confidence beyond 1 to the system and its confidence to the target, or nothing."""
        extra = self.config.history_alpha * (weights * self.rated_[histories.item_idx]).astype(np.float64)
        return extra, np.where(extra > 0, 1 + extra, 0.0)

    def likeness(self) -> Factors:
        return Factors.of_unit_length(self.item_factors_, self.rated_)
