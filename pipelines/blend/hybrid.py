"""Hybrid: the members' scores made comparable and summed; what is published.

Each member's scores of one history are standardised (mean 0, deviation 1 over the films that member can score and the
history does not hold), then summed with non-negative weights: the "weighted hybrid" of Burke, "Hybrid Recommender
Systems", UMUAI 2002, on z-scores (Renda and Straccia, "Web metasearch: rank vs. score based rank aggregation methods",
SAC 2003). A film a member cannot score gets that member's lowest standardised score; a member that can score nothing
for a history stays silent.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from pipelines.blend.slots import give_slots
from pipelines.films.films import Films
from pipelines.models.als import AlsModel
from pipelines.models.base import Model, ModelConfig
from pipelines.models.bpr import BprModel
from pipelines.models.content import ContentModel
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.ease import EaseModel
from pipelines.models.parts.top_k import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.models.svd import SvdModel
from pipelines.people.history import FloatArray, Histories, ItemArray

MEMBERS: dict[str, type[Model]] = {
    kind.name: kind
    for kind in (PopularityModel, ContentModel, AlsModel, BprModel, SvdModel, EaseModel, CovisitationModel)
}


class HybridConfig(ModelConfig):
    """Which members, with which settings, and how much each says."""

    weights: dict[str, float] = Field(
        {"als": 1.0, "ease": 1.0, "covisitation": 1.0, "content": 0.1, "popularity": 0.1},
        description="Weight of each member's standardised score; 0 leaves a member out.",
    )
    members: dict[str, dict[str, Any]] = Field({}, description="Hyper-parameters of each member; others are defaults.")
    cold_every: int = Field(0, ge=0, description="Every how many places one is kept for a film nobody rated; 0: none.")

    @field_validator("weights")
    @classmethod
    def _are_usable(cls, weights: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(weights) - set(MEMBERS))
        if unknown:
            raise ValueError(f"no member is called {', '.join(unknown)}; there are {', '.join(MEMBERS)}")
        if min(weights.values(), default=0) < 0 or sum(weights.values()) <= 0:
            raise ValueError("weights must be at least 0, and one above")
        return weights

    @model_validator(mode="after")
    def _members_are_valid(self) -> Self:
        for name, values in self.members.items():
            if name not in MEMBERS:
                raise ValueError(f"no member is called {name}; there are {', '.join(MEMBERS)}")
            MEMBERS[name].config_class.model_validate(values)
        return self


class HybridModel(Model):
    """A weighted sum of the members' standardised scores. A history no personal member can read has no scores."""

    name = "hybrid"
    config_class = HybridConfig
    learned = ("cold_",)
    cold_: NDArray[np.bool_]
    """bool, shape (n_items,): films without a rating in the fit."""

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__(config)
        # in one order always: a float sum depends on it, and JSON does not keep the recipe's
        for name, weight in sorted(self.config.weights.items()):
            if weight > 0:
                kind = MEMBERS[name]
                self.members[name] = kind(kind.config_class.model_validate(self.config.members.get(name, {})))

    @property
    def recipe(self) -> dict[str, Any]:
        """The weights above 0 and every hyper-parameter of the members that they belong to."""
        weights = {name: self.config.weights[name] for name in self.members}
        return {**super().recipe, "weights": weights, "members": {n: m.recipe for n, m in self.members.items()}}

    def _fit(self, histories: Histories, films: Films) -> None:
        self.cold_ = np.bincount(histories.item_idx, minlength=len(films)) == 0
        for member in self.members.values():
            member.fit(histories, films)

    def _score(self, histories: Histories) -> FloatArray:
        total = np.zeros((len(histories), self.n_items), dtype=np.float32)
        scored = np.zeros(total.shape, dtype=bool)
        read = np.zeros(len(histories), dtype=bool)
        for name, member in self.members.items():
            scores = member.score(histories)
            finite = np.isfinite(scores)
            scored |= finite
            if member.personal:
                read |= finite.any(axis=1)
            total += self.config.weights[name] * standardise(scores, histories)[0]
        total[~(scored & read[:, None])] = -np.inf
        return total

    def recommend(
        self, histories: Histories, k: int, *, seen: Histories | None = None, allowed: NDArray[np.bool_] | None = None
    ) -> Lists:
        """Rank as every model does; with ``cold_every`` some places go to the best films nobody rated."""
        lists = super().recommend(histories, k, seen=seen, allowed=allowed)
        if self.config.cold_every == 0:
            return lists
        cold = self.cold_ if allowed is None else self.cold_ & allowed
        fresh = super().recommend(histories, k // self.config.cold_every, seen=seen, allowed=cold)
        return give_slots(lists, fresh, self.config.cold_every, k)

    def _sources(self, histories: Histories, lists: Lists) -> list[str]:
        """Name, for each listed film, the source of the member that says most for it."""
        owner = np.repeat(np.arange(len(lists)), np.diff(lists.indptr))
        best = np.full(len(lists.item_idx), -np.inf, dtype=np.float32)
        speaker = np.zeros(len(lists.item_idx), dtype=np.int64)
        for number, (name, member) in enumerate(self.members.items()):
            said = self.config.weights[name] * standardise(member.score(histories), histories)[0][owner, lists.item_idx]
            speaker[said > best] = number
            best = np.maximum(best, said)
        names = [member.source for member in self.members.values()]
        return [names[number] for number in speaker]

    def history_weights(self, histories: Histories) -> FloatArray:
        """Return the members' weights, averaged with the weight that each member has in the sum."""
        readers = {name: member for name, member in self.members.items() if member.personal}
        share = sum(self.config.weights[name] for name in readers)
        total = np.zeros(len(histories.item_idx), dtype=np.float32)
        for name, member in readers.items():
            total += np.float32(self.config.weights[name] / share) * member.history_weights(histories)
        return total

    def _explain(self, history: Histories, item_idx: ItemArray) -> FloatArray:
        """Sum the members' exact contributions, each divided by the deviation its scores are divided by."""
        added = np.zeros((len(item_idx), len(history.item_idx)), dtype=np.float32)
        for name, member in self.members.items():
            deviation = standardise(member.score(history), history)[1][0]
            if deviation > 0:
                added += self.config.weights[name] / deviation * member._explain(history, item_idx)
        return added

    def _similar(self, item_idx: ItemArray) -> FloatArray:
        total = np.zeros((len(item_idx), self.n_items), dtype=np.float32)
        scored = np.zeros(total.shape, dtype=bool)
        for name, member in self.members.items():
            if member.personal:
                scores = member._similar(item_idx)
                scored |= np.isfinite(scores)
                total += self.config.weights[name] * standardise(scores)[0]
        total[~scored] = -np.inf
        return total


def standardise(scores: FloatArray, histories: Histories | None = None) -> tuple[FloatArray, FloatArray]:
    """Return each row on a scale of its own mean and deviation, and those deviations.

    Mean and deviation are those of the finite scores, films of the row's history left out: what somebody has seen
    scores so high that it would set the scale. What is not finite gets the row's lowest standardised score. A row with
    nothing to tell apart is 0 throughout and has deviation 0.
    """
    finite = np.isfinite(scores)
    counted = finite.copy()
    if histories is not None:
        counted[histories.owner, histories.item_idx] = False
    n = np.maximum(counted.sum(axis=1, keepdims=True), 1)
    filled = np.where(finite, scores, 0).astype(np.float64)
    mean = (filled * counted).sum(axis=1, keepdims=True) / n
    centred = filled - mean
    deviation = np.sqrt((centred**2 * counted).sum(axis=1, keepdims=True) / n)
    told = deviation > 1e-9 * np.maximum(np.abs(mean), 1e-30)
    standard = np.divide(centred, deviation, out=np.zeros_like(centred), where=finite & told)
    lowest = np.where(finite, standard, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    standard = np.where(finite, standard, np.where(np.isfinite(lowest), lowest, 0))
    return standard.astype(np.float32), np.where(told, deviation, 0)[:, 0].astype(np.float32)
