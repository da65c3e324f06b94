"""What a model's scores promise: its scores of the films that people rated in the test part, and which they liked."""

from __future__ import annotations

import numpy as np

from pipelines.blend.one_pass import OnePass
from pipelines.choice.evaluation.split import LIKE_FROM, Fold
from pipelines.lists.chance import Curve, Values, fit
from pipelines.models.base import Model

Promises = tuple[Values, Values]
"""Scores of held-out ratings, and 1 for each that is a like; films that the model could not rank are not among them."""


def promises(model: Model, fold: Fold) -> Promises:
    """Return what a fitted model says of each rating of a fold's test part, as it would rank that film."""
    scores = []
    asked = fold.asked
    for batch in OnePass(model).batches(fold.histories):
        rows = asked.take(np.arange(batch.first, batch.first + len(batch.histories)))
        owner, items = rows.owner, rows.item_idx
        scores.append(np.where(batch.candidate[owner, items], batch.total[owner, items], np.nan))
    found = np.concatenate([np.zeros(0), *scores])
    ranked = np.isfinite(found)
    return found[ranked], (asked.ratings[ranked] >= LIKE_FROM).astype(np.float64)


def curve_of(folds: list[Promises]) -> Curve:
    """Return the curve over several folds together."""
    return fit(np.concatenate([scores for scores, _ in folds]), np.concatenate([liked for _, liked in folds]))
