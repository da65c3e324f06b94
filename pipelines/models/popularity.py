"""Popularity: what many people rated lately and liked. The baseline, and what fills every list up."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.fold_in import Matrix
from pipelines.models.parts.item_side import Factors
from pipelines.people.history import FloatArray, Histories

COUNTED_AT_ONCE = 1_000_000
"""Ratings whose age is worked out together."""
SECONDS_PER_DAY = 86_400.0
NEWEST_SHARE = 0.99


class PopularityConfig(ModelConfig):
    """How fast a rating is forgotten and how far a small sample is trusted."""

    half_life_days: float = Field(1825.0, gt=0, description="A rating this old counts half of the newest one.")
    damping: float = Field(10.0, ge=0, description="Ratings at the overall mean that every film is given.")


class PopularityModel(Model):
    """Everybody's same list: decayed number of ratings times the damped mean rating.

    ``score = sum(0.5 ** (age_days / half_life_days)) * (sum(ratings) + damping * mean) / (n + damping)``, where
    the age counts back from the moment that `NEWEST_SHARE` of the ratings are not later than, so the clock is never
    asked, and a few late ones (a clock that is ahead, one night after years) do not make all others old. What is later
    counts once. A film nobody rated is not scored.
    """

    name = "popularity"
    config_class = PopularityConfig
    learned = ("scores_",)
    personal = False
    source = "popular"
    scores_: FloatArray

    def _fit(self, histories: Histories, films: Films) -> None:
        items, n_items = histories.item_idx, len(films)
        newest = np.quantile(histories.rated_at, NEWEST_SHARE, method="higher")
        recent = np.zeros(n_items)
        for start in range(0, len(items), COUNTED_AT_ONCE):
            part = slice(start, start + COUNTED_AT_ONCE)
            age_days = np.maximum(newest - histories.rated_at[part], 0) / SECONDS_PER_DAY
            recent += np.bincount(items[part], np.exp2(-age_days / self.config.half_life_days), minlength=n_items)
        count = np.bincount(items, minlength=n_items)
        total = np.bincount(items, weights=histories.ratings, minlength=n_items)
        mean = float(histories.ratings.mean(dtype=np.float64))
        damped = (total + self.config.damping * mean) / np.maximum(count + self.config.damping, 1e-9)
        self.scores_ = np.where(count > 0, recent * damped, -np.inf).astype(np.float32)

    def _item_side(self) -> Factors:
        scored = np.isfinite(self.scores_)
        own = np.where(scored, self.scores_, 0).astype(np.float32)
        return Factors.of(np.zeros((len(own), 0), np.float32), np.zeros((0, 0)), scored, own)

    def signals(self, histories: Histories, weights: FloatArray) -> tuple[Matrix, Matrix]:
        """Nothing of a history is read."""
        nothing = np.zeros(len(histories.item_idx))
        return nothing, nothing
