"""ALS: implicit matrix factorisation whose user side is solved from the history at scoring time.

Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008. The fit is implicit's
`AlternatingLeastSquares`; the fold-in and the explanation are the paper's equations 4 and 7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from threadpoolctl import threadpool_limits

from pipelines.history import FloatArray, Histories, WeightRule, weigh
from pipelines.models.base import Model, ModelConfig
from pipelines.models.films import Films


class AlsConfig(ModelConfig):
    """Hyper-parameters; a rating's confidence is ``1 + alpha * weight``."""

    factors: int = Field(64, ge=1, le=1024)
    regularization: float = Field(0.05, gt=0, description="The constant added to every normal equation's diagonal.")
    alpha: float = Field(10.0, gt=0, description="Confidence that a weight of 1 adds.")
    iterations: int = Field(15, ge=1)
    training: WeightRule = Field(WeightRule(), description="Weights of the ratings that are learned from.")
    history: WeightRule = Field(WeightRule(), description="Weights of the history that is scored.")


class AlsModel(Model):
    """Item factors learned by ALS; a history's factor is solved exactly, then multiplied with them."""

    name = "als"
    config_class = AlsConfig
    learned = ("item_factors_", "gram_", "rated_")
    item_factors_: FloatArray
    """float32, shape (n_items, factors)."""
    gram_: NDArray[np.float64]
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
        self.gram_ = (factors.T @ factors + config.regularization * np.eye(config.factors)).astype(np.float64)
        self.rated_ = np.bincount(confidence.indices, minlength=len(films)) > 0

    def _score(self, histories: Histories) -> FloatArray:
        scores = np.full((len(histories), self.n_items), -np.inf, dtype=np.float32)
        weights = weigh(histories, self.config.history) * self.rated_[histories.item_idx]
        known = np.bincount(histories.owner, weights=weights, minlength=len(histories)) > 0
        if known.any():
            users = self._fold_in(histories, weights)[known]
            scores[known] = users.astype(np.float32) @ self.item_factors_.T
            scores[:, ~self.rated_] = -np.inf
        return scores

    def _fold_in(self, histories: Histories, weights: FloatArray) -> NDArray[np.float64]:
        """Solve (YᵀCY + λI) x = YᵀC1 for each history, shape (n_histories, factors)."""
        systems = np.tile(self.gram_, (len(histories), 1, 1))
        targets = np.zeros((len(histories), len(self.gram_)))
        for row in range(len(histories)):
            part = slice(histories.indptr[row], histories.indptr[row + 1])
            factors, extra = self._weighted_factors(histories.item_idx[part], weights[part])
            systems[row] += (factors.T * extra) @ factors
            targets[row] = factors.T @ np.where(extra > 0, 1 + extra, 0)
        return np.linalg.solve(systems, targets[:, :, None])[:, :, 0].astype(np.float64, copy=False)

    def _weighted_factors(
        self, item_idx: NDArray[np.int32], weights: FloatArray
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return a history's item factors and the confidence each adds beyond 1."""
        return self.item_factors_[item_idx].astype(np.float64), self.config.alpha * weights.astype(np.float64)

    def _explain(self, history: Histories, item_idx: NDArray[np.int32]) -> FloatArray:
        weights = weigh(history, self.config.history) * self.rated_[history.item_idx]
        factors, extra = self._weighted_factors(history.item_idx, weights)
        system = self.gram_ + (factors.T * extra) @ factors
        influence = self.item_factors_[item_idx].astype(np.float64) @ np.linalg.solve(system, factors.T)
        shares: FloatArray = (influence * np.where(extra > 0, 1 + extra, 0)).astype(np.float32)
        return shares

    def _similar(self, item_idx: NDArray[np.int32]) -> FloatArray:
        norms = np.linalg.norm(self.item_factors_, axis=1)
        unit = self.item_factors_ / np.maximum(norms, 1e-12)[:, None]
        scores: FloatArray = (unit[item_idx] @ unit.T).astype(np.float32)
        scores[:, ~self.rated_] = -np.inf
        scores[~self.rated_[item_idx]] = -np.inf
        return scores
