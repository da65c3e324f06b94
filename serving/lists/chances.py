"""The scores that callers see: raw ones made into chances of a like, by what the release knows of its own scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.lists.chance import Curve, own_chances, pooled
from pipelines.lists.rank import POPULAR
from pipelines.models.parts.top_k import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import FloatArray
from serving.lists.everybody import Picks


class Chances:
    """What each film of a list promises, 0-1, never rising down the list (docs/scores.md).

    Parameters
    ----------
    curves : pyarrow.Table
        ``score_chances`` of the release.
    popular : Lists
        One list of all films by popularity.
    likes, ratings : int64 arrays, shape (n_films,)
        Of each film.
    """

    def __init__(self, curves: pa.Table, popular: Lists, likes: NDArray[np.int64], ratings: NDArray[np.int64]) -> None:
        self._curves = _by_model(curves)
        self._own = own_chances(likes, ratings)
        self._popular: FloatArray = self._own.copy()
        known = self._curves.get(PopularityModel.name)
        if known is not None:
            self._popular[popular.item_idx] = known.at(popular.scores)

    def of(self, picks: Picks) -> list[float]:
        """Return the chance of each film of a list; a longer list begins with the chances of a shorter one."""
        curve = self._curves.get(picks.ranked_by)
        if curve is None or not picks.places:
            return self.of_films(picks.places)
        chances = curve.at(np.array(picks.scores))
        filled = np.array([source == POPULAR for source in picks.sources])
        if filled.any():
            chances = np.where(filled, self._popular[picks.places], chances)
        falling: list[float] = np.minimum.accumulate(chances).tolist()
        return falling

    def of_films(self, places: Sequence[int]) -> list[float]:
        """Return chances for films that no model ranked for anybody: their own share of likes, smoothed."""
        smoothed: list[float] = pooled(self._own[list(places)]).tolist()
        return smoothed

    def of_popular(self, places: Sequence[int]) -> list[float]:
        """Return chances for films that many like, best first."""
        smoothed: list[float] = pooled(self._popular[list(places)]).tolist()
        return smoothed


def _by_model(table: pa.Table) -> dict[str, Curve]:
    models = np.array(table["model"].to_pylist(), dtype=object)
    columns = [table[name].to_numpy() for name in ("score", "chance", "ratings")]
    curves = {}
    for model in sorted(set(models)):
        score, chance, ratings = (column[models == model] for column in columns)
        order = np.argsort(score, kind="stable")
        curves[model] = Curve(score[order].astype(float), chance[order].astype(float), ratings[order].astype(np.int64))
    return curves
