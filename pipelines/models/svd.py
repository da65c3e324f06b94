"""SVD: predicts the stars somebody would give; ranked for completeness, never promoted on RMSE.

Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender Systems", IEEE Computer 2009, as
scikit-surprise fits it: ``rating = mean + user bias + film bias + p·q``. A history's bias and factor are a ridge
regression on what the rest leaves over, so nobody needs to have been in the fit.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.fold_in import FoldIn, cosine
from pipelines.models.parts.sampling import MAX_RATINGS, sample
from pipelines.people.history import FloatArray, Histories, ItemArray

STARS = (0.5, 5.0)


class SvdConfig(ModelConfig):
    """Surprise's own defaults, and the ridge of the fold-in."""

    factors: int = Field(100, ge=1, le=1024)
    epochs: int = Field(20, ge=1)
    learning_rate: float = Field(0.005, gt=0)
    regularization: float = Field(0.02, ge=0)
    ridge: float = Field(8.0, gt=0, description="Regularization of a history's factor.")
    bias_ridge: float = Field(5.0, gt=0, description="Regularization of a history's bias.")


class SvdModel(Model):
    """Mean, film biases and film factors; a history's bias and factor are solved at scoring time."""

    name = "svd"
    config_class = SvdConfig
    learned = ("mean_", "biases_", "item_factors_", "rated_")
    mean_: float
    biases_: FloatArray
    """float32, shape (n_items,), in stars."""
    item_factors_: FloatArray
    """float32, shape (n_items, 1 + factors); the first column is 1, the place of the user's bias."""
    rated_: NDArray[np.bool_]
    """bool, shape (n_items,): films with a rating in the fit; only these are scored."""

    def _fit(self, histories: Histories, films: Films) -> None:
        learned_from = sample(histories, MAX_RATINGS, self.config.random_state, self.name)
        self.take_over(train_surprise(learned_from, len(films), self.config), learned_from, films)

    def take_over(self, trained: Any, learned_from: Histories, films: Films) -> Self:
        """Keep the item side of a trained ``surprise.SVD``."""
        n_items = len(films)
        self.movie_ids_ = np.asarray(films.movie_ids, dtype=np.int64)
        self.mean_ = float(trained.trainset.global_mean)
        self.biases_ = np.asarray(trained.bi, dtype=np.float32)
        self.item_factors_ = np.hstack([np.ones((n_items, 1)), trained.qi]).astype(np.float32)
        self.rated_ = np.bincount(learned_from.item_idx, minlength=n_items) > 0
        return self

    def _score(self, histories: Histories) -> FloatArray:
        scores = np.full((len(histories), self.n_items), -np.inf, dtype=np.float32)
        known = np.bincount(histories.owner[self.rated_[histories.item_idx]], minlength=len(histories)) > 0
        if known.any():
            users = self._fold_in(histories).solve(histories)[known].astype(np.float32)
            scores[known] = self.mean_ + self.biases_ + users @ self.item_factors_.T
            scores[:, ~self.rated_] = -np.inf
        return scores

    def predict_ratings(self, histories: Histories, asked: Histories) -> FloatArray:
        """Predict stars, clipped to 0.5-5; an unknown film has bias and factor 0, an empty history too."""
        users = self._fold_in(histories).solve(histories)
        owner, items = asked.owner, asked.item_idx
        factors = self.item_factors_[items] * np.where(self.rated_[items], 1, 0)[:, None]
        factors[:, 0] = 1
        biases = np.where(self.rated_[items], self.biases_[items], 0)
        stars = self.mean_ + biases + np.einsum("rf,rf->r", users[owner], factors)
        return np.asarray(np.clip(stars, *STARS), dtype=np.float32)

    def _fold_in(self, histories: Histories) -> FoldIn:
        """Each rating of a known film asks for what the mean and the film's bias leave over."""
        items, config = histories.item_idx, self.config
        known = self.rated_[items].astype(np.float64)
        left = known * (histories.ratings - self.mean_ - self.biases_[items])
        base = np.diag(np.r_[config.bias_ridge, np.full(config.factors, config.ridge)])
        return FoldIn(self.item_factors_, known, left, base)

    def history_weights(self, histories: Histories) -> FloatArray:
        """Return 1 for every rating: the ridge reads each star alike, high or low."""
        return np.ones(len(histories.item_idx), dtype=np.float32)

    def _explain(self, history: Histories, item_idx: ItemArray) -> FloatArray:
        return self._fold_in(history).contributions(history, item_idx)

    def _similar(self, item_idx: ItemArray) -> FloatArray:
        return cosine(self.item_factors_[:, 1:], item_idx, self.rated_)


def train_surprise(histories: Histories, n_items: int, config: SvdConfig) -> Any:
    """Return a trained ``surprise.SVD`` whose inner ids are the rows of ``histories`` and item_idx."""
    from surprise import SVD, Trainset

    by_user: dict[int, list[tuple[int, float]]] = defaultdict(list)
    by_item: dict[int, list[tuple[int, float]]] = defaultdict(list)
    rows = zip(histories.owner.tolist(), histories.item_idx.tolist(), histories.ratings.tolist(), strict=True)
    for user, item, stars in rows:
        by_user[user].append((item, stars))
        by_item[item].append((user, stars))
    n_ratings = len(histories.item_idx)
    trainset = Trainset(by_user, by_item, len(histories), n_items, n_ratings, STARS, {}, {})
    trainer = SVD(
        n_factors=config.factors,
        n_epochs=config.epochs,
        lr_all=config.learning_rate,
        reg_all=config.regularization,
        random_state=config.random_state,
    )
    return trainer.fit(trainset)
