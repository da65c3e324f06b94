"""BPR: matrix factorisation trained to rank a rated film above an unrated one.

Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009. The fit is implicit's; it has no
fold-in, so a history's factor is the ridge regression of its films' factors on 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.fold_in import Matrix
from pipelines.models.parts.item_side import Factors
from pipelines.models.parts.sampling import MAX_RATINGS, sample
from pipelines.people.history import FloatArray, Histories, HistoryRule, WeightRule, weigh


class BprConfig(ModelConfig):
    """Hyper-parameters; one thread, because only then is the fit the same twice."""

    factors: int = Field(64, ge=1, le=1024)
    learning_rate: float = Field(0.05, gt=0)
    regularization: float = Field(0.01, ge=0)
    iterations: int = Field(100, ge=1)
    ridge: float = Field(10.0, gt=0, description="Regularization of a history's factor.")
    bias: float = Field(1.0, ge=0, description="Weight of a film's own bias beside the history's say.")
    training: WeightRule = Field(WeightRule(power=0), description="Ratings of weight 0 are not learned from.")
    history: HistoryRule = Field(HistoryRule(), description="Weights of the history that is scored.")


class BprModel(Model):
    """Item factors and biases learned by BPR; a history's factor is a ridge profile."""

    name = "bpr"
    config_class = BprConfig
    learned = ("item_factors_", "biases_", "rated_")
    item_factors_: FloatArray
    """float32, shape (n_items, factors)."""
    biases_: FloatArray
    """float32, shape (n_items,)."""
    rated_: NDArray[np.bool_]
    """bool, shape (n_items,): films with a rating in the fit; only these are scored."""

    def _fit(self, histories: Histories, films: Films) -> None:
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        config: BprConfig = self.config
        learned_from = sample(histories, MAX_RATINGS, config.random_state, self.name)
        user_items = learned_from.matrix(weigh(learned_from, config.training), len(films)).astype(np.float32)
        trainer = BayesianPersonalizedRanking(
            factors=config.factors,
            learning_rate=config.learning_rate,
            regularization=config.regularization,
            iterations=config.iterations,
            random_state=config.random_state,
            num_threads=1,
        )
        trainer.fit(user_items, show_progress=False)
        # implicit keeps the bias as the last factor
        self.item_factors_ = np.ascontiguousarray(trainer.item_factors[:, :-1], dtype=np.float32)
        self.biases_ = np.ascontiguousarray(trainer.item_factors[:, -1], dtype=np.float32)
        self.rated_ = np.bincount(user_items.indices, minlength=len(films)) > 0

    def _item_side(self) -> Factors:
        base = self.config.ridge * np.eye(self.config.factors)
        return Factors.of(self.item_factors_, base, self.rated_, self.config.bias * self.biases_)

    def signals(self, histories: Histories, weights: FloatArray) -> tuple[Matrix, Matrix]:
        """Each rating asks for a score of 1, as loudly as it weighs."""
        loudness = (weights * self.rated_[histories.item_idx]).astype(np.float64)
        return loudness, loudness

    def likeness(self) -> Factors:
        return Factors.of_unit_length(self.item_factors_, self.rated_)
