"""Channels: a model and a reading of the history, which is what a blend weighs.

A channel costs one more product with arrays that are there already, not another model. ``covisitation`` reads all of a
history as the model's recipe says; ``covisitation.last`` reads the last film alone. Weights belong to channels:
``{"covisitation": 0.6, "covisitation.last": 0.2}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.models.base import Model
from pipelines.people.history import FloatArray, Histories, WeightRule, ratings_ago, weigh

LIKED_FROM = 4.0
"""Stars from which a rating is a like."""

Reading = Callable[[Model, Histories, FloatArray], FloatArray]
"""From a model, histories and what each rating weighs when all are read to what each weighs in this reading, float32,
shape (n_ratings,); what weighs 0 is not read."""


def _last(count: int) -> Reading:
    """Read the ``count`` latest films that were not disliked; what was rated in the same second shares a place."""

    def read(model: Model, histories: Histories, weights: FloatArray) -> FloatArray:
        usable = np.flatnonzero(~histories.disliked)
        bounds = np.searchsorted(usable, histories.indptr).astype(np.int64)
        parts = (histories.item_idx[usable], histories.ratings[usable], histories.rated_at[usable])
        recent = usable[ratings_ago(Histories(bounds, *parts)) < count]
        kept = np.zeros_like(weights)
        kept[recent] = weights[recent]
        return kept

    return read


def _all(model: Model, histories: Histories, weights: FloatArray) -> FloatArray:
    return weights


def _likes(model: Model, histories: Histories, weights: FloatArray) -> FloatArray:
    return np.where(histories.ratings >= LIKED_FROM, weights, np.float32(0))


def _dislikes(model: Model, histories: Histories, weights: FloatArray) -> FloatArray:
    """Read the dislikes, as recent as the model's recipe has it, each as loud as a like would be."""
    rule: WeightRule | None = getattr(model.config, "history", None)
    alike = {"power": 0.0, "like_from": 0.5, "every_rating": True}
    flat = rule.model_copy(update=alike) if rule is not None else WeightRule(power=0.0)
    return np.where(histories.disliked, weigh(histories, flat), np.float32(0))


READINGS: dict[str, Reading] = {
    "all": _all,
    "last": _last(1),
    "last_three": _last(3),
    "likes": _likes,
    "dislikes": _dislikes,
}


@dataclass(frozen=True)
class Channel:
    """One voice of a blend.

    Attributes
    ----------
    name : str
        ``model`` or ``model.reading``, as weights name it.
    model : Model
        Fitted; several channels may share one.
    reading : str
        A key of `READINGS`.
    weight : float
        What a standard deviation of its scores counts.
    standardised : bool
        False where a model ranks alone: its scores then are its own.
    """

    name: str
    model: Model
    reading: str = "all"
    weight: float = 1.0
    standardised: bool = True

    def weights(self, histories: Histories) -> FloatArray:
        """Return what each rating weighs in this channel, float32, shape (n_ratings,); 0 where it is not read."""
        return READINGS[self.reading](self.model, histories, self.model.history_weights(histories))


def each_weights(channels: list[Channel], histories: Histories) -> Iterator[tuple[int, FloatArray]]:
    """Yield each channel's place and what each rating weighs in it, a model's channels one after another.

    What a model's readings have in common is worked out once, and one of them is held at a time.
    """
    by_model: dict[int, list[int]] = {}
    for number, channel in enumerate(channels):
        by_model.setdefault(id(channel.model), []).append(number)
    for numbers in by_model.values():
        model = channels[numbers[0]].model
        whole = model.history_weights(histories)
        for number in numbers:
            yield number, READINGS[channels[number].reading](model, histories, whole)


def weights_of(channels: list[Channel], histories: Histories) -> FloatArray:
    """Return what each rating weighs in each channel, float32, shape (n_channels, n_ratings)."""
    weights = np.empty((len(channels), len(histories.item_idx)), dtype=np.float32)
    for number, own in each_weights(channels, histories):
        weights[number] = own
    return weights


def split_name(name: str) -> tuple[str, str]:
    """Return a channel's model and reading: "als.likes" is ("als", "likes"), "als" is ("als", "all").

    Raises
    ------
    ValueError
        If no reading has that name.
    """
    model, _, reading = name.partition(".")
    if reading and reading not in READINGS:
        raise ValueError(f"channel {name}: no reading is called {reading!r}; there are {', '.join(READINGS)}")
    return model, reading or "all"


def channels_of(model: Model) -> list[Channel]:
    """Return the channels that a model ranks by: those with a weight, or the model itself, alone."""
    if not model.members:
        return [Channel(model.name, model, standardised=False)]
    channels = []
    # in one order always: a float sum depends on it, and JSON does not keep the recipe's
    for name, weight in sorted(model.config.weights.items()):
        member, reading = split_name(name)
        if weight != 0:
            channels.append(Channel(name, model.members[member], reading, weight))
    return channels
