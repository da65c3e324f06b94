"""The films most like each film: the one pass over histories of a single film, by arrays that say how alike films are.

What ranks people's films is no likeness: people rate films together because both are famous. A blend's likeness is its
config's ``alike``: what is known of the films first, who rates both beside it. Of films that are as alike, those that
more people know come first.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike

from pipelines.blend.channels import Channel
from pipelines.blend.one_pass import OnePass
from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.parts.fold_in import Matrix
from pipelines.models.parts.item_side import Factors, ItemSide
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import FloatArray, Histories
from pipelines.progress import step


class Likeness(Model):
    """A model's likeness of films as an item side: a history of one film is read as that film."""

    name = "likeness"
    config_class = ModelConfig

    def __init__(self, model: Model, side: ItemSide) -> None:
        super().__init__()
        self.movie_ids_, self._side = model.movie_ids_, side
        self.of_films_alone = model.of_films_alone  # type: ignore[misc]

    def _fit(self, histories: Histories, films: Films) -> None:
        raise NotImplementedError("likeness is read from a fitted model")

    def history_weights(self, histories: Histories) -> FloatArray:
        """Return 1 for a film that the model can tell of, else 0: a cold film's factors are no likeness."""
        side = self.item_side()
        known = side.scored if isinstance(side, Factors) else np.ones(self.n_items, dtype=np.bool_)
        weights: FloatArray = known[histories.item_idx].astype(np.float32)
        return weights

    def signals(self, histories: Histories, weights: FloatArray) -> tuple[Matrix, Matrix]:
        """Fold in so that a film's own factors come out: with f of length 1, ``(I + f fᵀ) x = 2 f`` is x = f."""
        curvature = weights.astype(np.float64)
        return curvature, 2 * curvature


def similar_films(model: Model, item_idx: ArrayLike, k: int) -> Lists:
    """Rank the k films most like each given film, itself left out.

    Parameters
    ----------
    model : Model
        Fitted; a blend says by ``alike`` and ``fame`` of its config what counts.

    Returns
    -------
    Lists
        A list a film; empty where the model cannot tell.
    """
    items = np.asarray(item_idx, dtype=np.int32)
    single = Histories(
        np.arange(len(items) + 1), items, np.full(len(items), 5, np.float32), np.zeros(len(items), np.int64)
    )
    channels = _with_fame(alike_channels(model), model)
    if not channels:
        nothing = np.zeros(0, dtype=np.int32)
        return Lists(np.zeros(len(items) + 1, dtype=np.int64), nothing, nothing.astype(np.float32))
    ranking = OnePass(model, channels)
    parts: list[Lists] = []
    done = 0
    for lists in ranking.each(single, lambda batch: batch.best(k)):
        done += len(lists)
        step("similar films", done, len(items))
        parts.append(lists)
    return Lists.concatenate(parts)


def alike_channels(model: Model) -> list[Channel]:
    """Return the channels that tell how alike films are; none where the model cannot."""
    told = _told_by(model)
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        sides = list(threads.map(lambda name: told[name][0].likeness(), told))
    return [
        Channel(name, Likeness(told[name][0], side), weight=told[name][1], standardised=bool(model.members))
        for name, side in zip(told, sides, strict=True)
        if side is not None
    ]


def _told_by(model: Model) -> dict[str, tuple[Model, float]]:
    """Return the models that tell of likeness, by name, and what each counts."""
    if not model.members:
        return {model.name: (model, 1.0)}
    return {name: (model.members[name], weight) for name, weight in sorted(model.config.alike.items()) if weight > 0}


class Fame(Likeness):
    """How many people know a film, the same beside whichever film: the logarithm of its ratings."""

    name = "fame"
    personal = False

    def __init__(self, model: CovisitationModel) -> None:
        own = np.log1p(model.ratings_ if model.ratings_ is not None else np.zeros(model.n_items)).astype(np.float32)
        nothing = np.zeros((len(own), 0), dtype=np.float32)
        super().__init__(model, Factors.of(nothing, np.zeros((0, 0)), np.ones(len(own), dtype=np.bool_), own))


def _with_fame(channels: list[Channel], model: Model) -> list[Channel]:
    counted = model.members.get(CovisitationModel.name)
    if not channels or not isinstance(counted, CovisitationModel) or not model.config.fame:
        return channels
    return [*channels, Channel(Fame.name, Fame(counted), weight=model.config.fame)]
