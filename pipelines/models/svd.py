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
from pipelines.models.parts.fold_in import Matrix
from pipelines.models.parts.item_side import Factors
from pipelines.models.parts.sampling import MAX_RATINGS, sample
from pipelines.people.history import FloatArray, Histories

STARS = (0.5, 5.0)
PREDICTED_AT_ONCE = 65_536
"""Ratings whose stars are worked out at once: 100 MB at 100 factors."""


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
    reads_stars = True
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

    def _item_side(self) -> Factors:
        base = np.diag(np.r_[self.config.bias_ridge, np.full(self.config.factors, self.config.ridge)])
        return Factors.of(self.item_factors_, base, self.rated_, (self.mean_ + self.biases_).astype(np.float32))

    def signals(self, histories: Histories, weights: FloatArray) -> tuple[Matrix, Matrix]:
        """Each rating of a known film asks for what the mean and the film's bias leave over."""
        items = histories.item_idx
        known = (self.rated_[items] & (weights > 0)).astype(np.float64)
        left_over = histories.ratings - self.mean_ - self.biases_[items]
        # two stars for a film that everybody else likes less are no praise
        return known, known * np.where(histories.disliked, np.minimum(left_over, 0), left_over)

    def predict_ratings(self, histories: Histories, asked: Histories) -> FloatArray:
        """Predict stars, clipped to 0.5-5; an unknown film, -1 too, has bias and factor 0, an empty history too."""
        users = self.fold_in(histories, self.history_weights(histories)).solve()
        owner, items = asked.owner, asked.item_idx
        stars = np.empty(len(items))
        for start in range(0, len(items), PREDICTED_AT_ONCE):
            part = slice(start, start + PREDICTED_AT_ONCE)
            known = (items[part] >= 0) & self.rated_[items[part]]
            factors = np.where(known[:, None], self.item_factors_[items[part]], 0)
            factors[:, 0] = 1
            biases = np.where(known, self.biases_[items[part]], 0)
            stars[part] = self.mean_ + biases + np.einsum("rf,rf->r", users[owner[part]], factors)
        return np.asarray(np.clip(stars, *STARS), dtype=np.float32)

    def history_weights(self, histories: Histories) -> FloatArray:
        """Return 1 for every rating: the ridge reads each star alike, high or low."""
        return np.ones(len(histories.item_idx), dtype=np.float32)

    def likeness(self) -> Factors:
        return Factors.of_unit_length(self.item_factors_[:, 1:], self.rated_)


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
