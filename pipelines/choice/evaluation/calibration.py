"""What a model is asked: its lists, and its scores of the films that people rated in the test part, liked or not."""

from __future__ import annotations

import numpy as np

from pipelines.blend.one_pass import OnePass
from pipelines.blend.scored import Scored
from pipelines.choice.evaluation.split import LIKE_FROM, Fold
from pipelines.lists.chance import Curve, Values, fit
from pipelines.lists.rank import best_films
from pipelines.models.base import Model
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import FloatArray

Promises = tuple[Values, Values]
"""Scores of held-out ratings, and 1 for each that is a like; films that the model could not rank are not among them."""


def ask(model: Model, fold: Fold, k: int) -> tuple[Lists, Promises]:
    """Return a fitted model's k best films for everybody a fold asks, and what it says of each film they rated then.

    Both come from one pass: a film that was rated is scored as it would be ranked.
    """
    asked = fold.asked

    def read(batch: Scored) -> tuple[Lists, FloatArray]:
        rows = asked.take(np.arange(batch.first, batch.first + len(batch.histories)))
        owner, items = rows.owner, rows.item_idx
        scores = np.where(
            batch.candidate[owner, items], batch.total[owner, items] + batch.constant[owner], np.float32(np.nan)
        )
        return best_films(model, batch, k), scores

    parts = list(OnePass(model).each(fold.histories, read))
    found = np.concatenate([np.zeros(0), *(scores for _, scores in parts)])
    ranked = np.isfinite(found)
    promised = found[ranked], (asked.ratings[ranked] >= LIKE_FROM).astype(np.float64)
    return Lists.concatenate([lists for lists, _ in parts]), promised


def curve_of(folds: list[Promises]) -> Curve:
    """Return the curve over several folds together."""
    return fit(np.concatenate([scores for scores, _ in folds]), np.concatenate([liked for _, liked in folds]))
