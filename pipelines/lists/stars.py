"""One rating foretold: a history and a film in, stars out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.models.base import Model
from pipelines.people.history import Histories


@dataclass(frozen=True)
class Prediction:
    """What somebody would give a film.

    Attributes
    ----------
    stars : float
        0.5-5.0.
    rated : float or None
        What they did give it; the prediction is made as if they had not.
    known_film : bool
        Whether anybody's rating of the film was learned from; of another film only the person's own mean speaks.
    """

    stars: float
    rated: float | None
    known_film: bool

    def to_json(self, errors: Mapping[str, Any]) -> dict[str, Any]:
        """Return it as callers see it, with the errors of the cross-validation (`RatingErrors` as a dict)."""
        return {
            "predicted_rating": round(self.stars, 2), "rated": self.rated, "known_film": self.known_film,
            "rmse": round(errors["fold_in_rmse"], 3), "mae": round(errors["fold_in_mae"], 3),
            "n_ratings": errors["n_ratings"],
        }  # fmt: skip


def predict_stars(
    model: Model, movie_ids: Sequence[int], ratings: Sequence[float], rated_seconds: Sequence[int], movie_id: int
) -> Prediction:
    """Predict the stars that a history's owner would give a film.

    Parameters
    ----------
    model : SvdModel
        Or any other that predicts ratings.
    movie_ids, ratings, rated_seconds
        The history: TMDB ids, 0.5-5.0 stars, seconds since 1970-01-01 UTC.

    Raises
    ------
    TypeError
        If the model predicts no ratings.
    """
    films = model.films
    ids = np.asarray(movie_ids, dtype=np.int64)
    items = films.index_of(ids)
    kept = (items >= 0) & (ids != movie_id)
    stars, seconds = np.asarray(ratings, dtype=np.float32), np.asarray(rated_seconds, dtype=np.int64)
    history = Histories.single(items[kept], stars[kept], seconds[kept])
    own = stars[ids == movie_id]
    place = int(films.index_of([movie_id])[0])
    known = place >= 0 and bool(model.item_side().scored[place])
    found = model.predict_ratings(history, Histories.single([place], [0.5], [0]))
    if found is None:
        raise TypeError(f"{model.name} predicts no ratings")
    return Prediction(float(found[0]), float(own[0]) if len(own) else None, known)
