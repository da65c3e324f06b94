"""Hybrid: the channels' scores made comparable and summed; what is published.

How they are summed is told in `one_pass`, which ranks them. A history that no personal member can read has no scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from pipelines.blend.channels import channels_of, each_weights, split_name
from pipelines.films.films import Films
from pipelines.models.als import AlsModel
from pipelines.models.base import Model, ModelConfig
from pipelines.models.bpr import BprModel
from pipelines.models.content import ContentModel
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.ease import EaseModel
from pipelines.models.popularity import PopularityModel
from pipelines.models.svd import SvdModel
from pipelines.people.history import FloatArray, Histories
from pipelines.progress import step

MEMBERS: dict[str, type[Model]] = {
    kind.name: kind
    for kind in (PopularityModel, ContentModel, AlsModel, BprModel, SvdModel, EaseModel, CovisitationModel)
}


class HybridConfig(ModelConfig):
    """Which members, with which settings, and how much each says."""

    weights: dict[str, float] = Field(
        {"als": 1.0, "ease": 1.0, "covisitation": 1.0, "content": 0.1, "popularity": 0.1},
        description="Weight of each channel's standardised score (`als`, `als.likes`); 0 leaves it out.",
    )
    channels: tuple[str, ...] = Field(
        (),
        description="Channels that training may weigh beside those with a weight, when it learns the weights from the "
        "data; none: the weights stay as they are.",
    )
    alike: dict[str, float] = Field(
        {"content": 1.0, "covisitation": 0.3},
        description="What each member's likeness counts where films are told alike: similar films, and films away from "
        "what somebody dislikes. These are members whether they have a weight or not.",
    )
    fame: float = Field(
        0.5, ge=0, description="What a deviation of the logarithm of a film's ratings counts among alike films."
    )
    members: dict[str, dict[str, Any]] = Field({}, description="Hyper-parameters of each member; others are defaults.")
    cold_every: int = Field(0, ge=0, description="Every how many places one is kept for a film nobody rated; 0: none.")

    @field_validator("channels")
    @classmethod
    def _are_known(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        _check_members(channels)
        return channels

    @field_validator("weights")
    @classmethod
    def _are_usable(cls, weights: dict[str, float]) -> dict[str, float]:
        _check_members(tuple(weights))
        against = {name for name in weights if split_name(name)[1] == "dislikes"}
        wrong = [name for name, weight in weights.items() if (weight > 0 if name in against else weight < 0)]
        if wrong or not any(weight > 0 for weight in weights.values()):
            raise ValueError(
                f"weights must be at least 0 and one above, those of dislikes at most 0{': ' * bool(wrong)}"
                f"{', '.join(wrong)}"
            )
        return weights

    @field_validator("alike")
    @classmethod
    def _are_members(cls, alike: dict[str, float]) -> dict[str, float]:
        wrong = sorted(name for name, weight in alike.items() if name not in MEMBERS or weight < 0)
        if wrong:
            raise ValueError(f"what is alike is told by members, by at least 0, not {', '.join(wrong)}")
        return alike

    @model_validator(mode="after")
    def _members_are_valid(self) -> Self:
        for name, values in self.members.items():
            if name not in MEMBERS:
                raise ValueError(f"no member is called {name}; there are {', '.join(MEMBERS)}")
            MEMBERS[name].config_class.model_validate(values)
        return self


def _check_members(channels: tuple[str, ...]) -> None:
    unknown = sorted({split_name(name)[0] for name in channels} - set(MEMBERS))
    if unknown:
        raise ValueError(f"no member is called {', '.join(unknown)}; there are {', '.join(MEMBERS)}")
    parts = {name: split_name(name) for name in channels}
    twice = sorted(n for n, (member, reading) in parts.items() if reading == "dislikes" and MEMBERS[member].reads_stars)
    if twice:
        raise ValueError(f"{', '.join(twice)}: low stars speak against films in this model by themselves")


class HybridModel(Model):
    """A weighted sum of the members' standardised scores. A history no personal member can read has no scores."""

    name = "hybrid"
    config_class = HybridConfig
    learned = ("cold_",)
    cold_: NDArray[np.bool_]
    """bool, shape (n_items,): films without a rating in the fit."""

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__(config)
        speaking = [split_name(name)[0] for name, weight in self.config.weights.items() if weight != 0]
        telling = [name for name, weight in self.config.alike.items() if weight != 0]
        for name in sorted({*speaking, *telling}):
            self.members[name] = self._member(name)

    def _member(self, name: str) -> Model:
        kind = MEMBERS[name]
        return kind(kind.config_class.model_validate(self.config.members.get(name, {})))

    @property
    def recipe(self) -> dict[str, Any]:
        """The weights other than 0, and every hyper-parameter of the members there are or may be by ``channels``."""
        weights = {name: weight for name, weight in self.config.weights.items() if weight != 0}
        names = sorted({*self.members, *(split_name(name)[0] for name in self.config.channels)})
        members = {name: (self.members.get(name) or self._member(name)).recipe for name in names}
        return {**super().recipe, "weights": weights, "members": members}

    def weighed(self, weights: Mapping[str, float], channels: tuple[str, ...] = ()) -> HybridModel:
        """Return this blend unfitted with other weights; without ``channels`` they are not learned again."""
        return HybridModel(self.config.model_copy(update={"weights": dict(weights), "channels": channels}))

    def _fit(self, histories: Histories, films: Films) -> None:
        self.cold_ = np.bincount(histories.item_idx, minlength=len(films)) == 0
        for done, (name, member) in enumerate(self.members.items()):
            step(f"fit {name}", done, len(self.members))
            member.fit(histories, films)

    def score(self, histories: Histories) -> FloatArray:
        """Score every film for every history: the plain statement of what `one_pass` works out."""
        self.check(histories)
        total = np.zeros((len(histories), self.n_items), dtype=np.float64)
        scored = np.zeros(total.shape, dtype=bool)
        spoke = np.zeros(len(histories), dtype=bool)
        for channel in channels_of(self):
            weights = channel.weights(histories)
            scores = channel.model.score_weighed(histories, weights)
            finite = np.isfinite(scores)
            if channel.weight > 0:
                scored |= finite
                spoke |= finite.any(axis=1) & channel.model.personal
            loudness = channel.weight * channel.model.trust(histories, weights)[:, None]
            total += loudness * standardise(scores, channel.model.item_side().scored, histories)
        total[~(scored & spoke[:, None])] = -np.inf
        total[histories.owner, histories.item_idx] = -np.inf
        return total.astype(np.float32)

    def history_weights(self, histories: Histories) -> FloatArray:
        """Return what each rating weighs: the mean over the channels that speak for films, by their weights."""
        readers = [channel for channel in channels_of(self) if channel.model.personal and channel.weight > 0]
        share = sum(channel.weight for channel in readers)
        total = np.zeros(len(histories.item_idx), dtype=np.float32)
        for number, weights in each_weights(readers, histories):
            total += np.float32(readers[number].weight / share) * weights
        return total


def standardise(scores: FloatArray, scored: NDArray[np.bool_], histories: Histories | None = None) -> FloatArray:
    """Return each row on a scale of its own mean and deviation, those of the films that can be scored.

    What is not finite counts 0. Films of the row's history are left out: what somebody has seen scores so high that it
    would set the scale. A row with nothing to tell apart is 0 throughout.
    """
    values = np.where(np.isfinite(scores), scores, 0).astype(np.float64)
    counted = np.broadcast_to(scored, values.shape).copy()
    if histories is not None:
        counted[histories.owner, histories.item_idx] = False
    n = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    mean = (values * counted).sum(axis=1, keepdims=True) / n
    deviation = np.sqrt(((values - mean) ** 2 * counted).sum(axis=1, keepdims=True) / n)
    told = deviation > 1e-9 * np.maximum(np.abs(mean), 1e-30)
    standard: FloatArray = np.divide(values - mean, deviation, out=np.zeros_like(values), where=told).astype(np.float32)
    return standard
