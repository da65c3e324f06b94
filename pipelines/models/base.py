"""The contract every model keeps: history in, list out.

A model learns item-side arrays in `fit` and scores *histories*, never user ids, so the nightly batch and the
live path call the same code. A subclass writes only its maths: `_fit`, `_score`, and where it can `_similar`
and `_explain`. Checks, chunking, ranking, saving and loading live here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.films.films import Films
from pipelines.models.parts.storage import load_learned, read_header, save_learned
from pipelines.models.parts.top_k import Lists, top_k
from pipelines.people.history import FloatArray, Histories, IntArray, WeightRule, weigh
from warehouse.errors import ModelFormatError, NotEnoughDataError, NotFittedError

CHUNK_CELLS = 16_000_000
"""Scores held at once while ranking many histories: 64 MB of float32."""


class ModelConfig(BaseModel):
    """Hyper-parameters of a model; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    random_state: int = Field(42, ge=0, description="Seed of whatever is random in the fit.")


class Model(ABC):
    """One recommender. ``__init__`` stores the config, `fit` learns; learned attributes end in ``_``.

    Attributes
    ----------
    name : str
        The model's name in recipes, in MLflow and on the command line.
    config_class : type of ModelConfig
    format_version : int
        Rises when the saved arrays change their meaning.
    learned : tuple of str
        The learned attributes that `save` writes (arrays, CSR matrices or JSON values), next to ``movie_ids_``.
    personal : bool
        False for a model that gives everybody the same scores.
    members : dict of str to Model
        Models that this one is made of, by name; saved in sub-folders. Empty for most.
    source : str
        What a film it lists is said to come from: "hybrid", "content_based" or "popular".
    """

    name: ClassVar[str]
    config_class: ClassVar[type[ModelConfig]]
    format_version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ()
    personal: ClassVar[bool] = True
    source: ClassVar[str] = "hybrid"

    def __init__(self, config: ModelConfig | None = None) -> None:
        self.config: Any = config if config is not None else self.config_class()
        self.members: dict[str, Model] = {}
        self.movie_ids_: IntArray | None = None

    # -- what a subclass writes -------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, histories: Histories, films: Films) -> None:
        """Set the learned attributes; inputs are checked and must not be changed."""

    @abstractmethod
    def _score(self, histories: Histories) -> FloatArray:
        """Return fresh scores, shape (n, n_items); -inf where nothing can be said of a film."""

    def _similar(self, item_idx: NDArray[np.int32]) -> FloatArray:
        """Return similarities, shape (len(item_idx), n_items); -inf where there is none."""
        return np.full((len(item_idx), self.n_items), -np.inf, dtype=np.float32)

    def _explain(self, history: Histories, item_idx: NDArray[np.int32]) -> FloatArray:
        """Return what each rating of one history adds to each film's score, shape (len(item_idx), n_ratings)."""
        return np.zeros((len(item_idx), len(history.item_idx)), dtype=np.float32)

    def _sources(self, histories: Histories, lists: Lists) -> list[str]:
        """Return the source of each listed film; one that is made of others says whose word counted most."""
        return [self.source] * len(lists.item_idx)

    # -- what callers use -------------------------------------------------------------------------------------

    @property
    def n_items(self) -> int:
        """How many films the model knows."""
        return len(self._fitted_ids())

    @property
    def recipe(self) -> dict[str, Any]:
        """Every hyper-parameter, those left at their defaults too: what makes this model again, whatever changes."""
        values: dict[str, Any] = self.config.model_dump(mode="json")
        return values

    @property
    def films(self) -> Films:
        """The films of the fit, without their metadata."""
        return Films(self._fitted_ids())

    def fit(self, histories: Histories, films: Films) -> Self:
        """Learn from everybody's histories.

        Parameters
        ----------
        histories : Histories
            ``item_idx`` are positions in ``films``.
        films : Films
            All films that may be recommended, rated or not.

        Raises
        ------
        NotEnoughDataError
            If there is no film, or not a single rating.
        """
        if len(films) == 0 or len(histories.item_idx) == 0:
            raise NotEnoughDataError(
                f"{self.name}: {len(histories.item_idx)} ratings of {len(films)} films; at least one of each is needed"
            )
        if not np.all(np.diff(films.movie_ids) > 0):
            raise ValueError("films.movie_ids must be strictly ascending")
        _check_items(histories, len(films))
        self.movie_ids_ = np.asarray(films.movie_ids, dtype=np.int64)
        self._fit(histories, films)
        return self

    def score(self, histories: Histories) -> FloatArray:
        """Score every film for every history.

        Returns
        -------
        float32 array, shape (n_histories, n_items)
            Higher is better, -inf where the model can say nothing. Comparable within a row only.
        """
        _check_items(histories, self.n_items)
        return self._score(histories)

    def recommend(
        self, histories: Histories, k: int, *, seen: Histories | None = None, allowed: NDArray[np.bool_] | None = None
    ) -> Lists:
        """Rank the k best unseen films for each history.

        Parameters
        ----------
        seen : Histories, optional
            Films never to list, as many rows as ``histories``; by default the histories themselves.
        allowed : bool array, shape (n_items,), optional
            Films that may be listed at all; by default every film.

        Returns
        -------
        Lists
            Score descending, movie_id ascending among equals. Fewer than k where the model can score no more.
        """
        seen = histories if seen is None else seen
        size = max(1, CHUNK_CELLS // max(1, self.n_items))
        parts: list[Lists] = []
        for (start, some), (_, passed) in zip(histories.chunks(size), seen.chunks(size), strict=True):
            scores = self.score(some)
            scores[passed.owner, passed.item_idx] = -np.inf
            if allowed is not None:
                scores[:, ~allowed] = -np.inf
            parts.append(top_k(scores, k))
            del scores, start
        return Lists.concatenate(parts)

    def similar_items(self, item_idx: ArrayLike, k: int) -> Lists:
        """Rank the k films most like each given film, itself left out; empty where the model cannot tell."""
        items = np.asarray(item_idx, dtype=np.int32)
        size = max(1, CHUNK_CELLS // max(1, self.n_items))
        parts: list[Lists] = []
        for start in range(0, len(items), size):
            some = items[start : start + size]
            scores = self._similar(some)
            scores[np.arange(len(some)), some] = -np.inf
            parts.append(top_k(scores, k))
        return Lists.concatenate(parts)

    def history_weights(self, histories: Histories) -> FloatArray:
        """Return what each rating weighs when a history is read, float32, shape (n_ratings,), at least 0.

        All 0 where the model reads no history; a model made of others gives the mean over its members.
        """
        rule: WeightRule | None = getattr(self.config, "history", None)
        return np.zeros(len(histories.item_idx), dtype=np.float32) if rule is None else weigh(histories, rule)

    def explain(self, history: Histories, item_idx: ArrayLike) -> FloatArray:
        """Tell how much each rating of one history speaks for each film.

        Returns
        -------
        float32 array, shape (len(item_idx), n_ratings)
            Shares of the positive contributions, 0 to 1, each row summing to 1, or all 0 where the history has no
            say in the score.
        """
        _check_items(history, self.n_items)
        parts = np.maximum(self._explain(history, np.asarray(item_idx, dtype=np.int32)), 0)
        total = parts.sum(axis=1, keepdims=True)
        shares: FloatArray = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)
        return shares

    def sources(self, histories: Histories, lists: Lists) -> list[str]:
        """Tell where each film of ``lists`` comes from: "hybrid", "content_based" or "popular".

        Returns
        -------
        list of str, as long as ``lists.item_idx``; ``lists`` has a row a history.
        """
        size = max(1, CHUNK_CELLS // max(1, self.n_items))
        named: list[str] = []
        for start, some in histories.chunks(size):
            low, high = lists.indptr[start], lists.indptr[start + len(some)]
            indptr = lists.indptr[start : start + len(some) + 1] - low
            named += self._sources(some, Lists(indptr, lists.item_idx[low:high], lists.scores[low:high]))
        return named

    def predict_ratings(self, histories: Histories, asked: Histories) -> FloatArray | None:
        """Predict the stars of each rating in ``asked`` from the history of the same row; None if it only ranks.

        Returns
        -------
        float32 array, shape (n_asked_ratings,), 0.5-5.0 stars, or None
        """
        return None

    def save(self, folder: Path) -> None:
        """Write the config and the learned arrays into ``folder``, which may exist."""
        learned = {"movie_ids_": self._fitted_ids(), **{name: getattr(self, name) for name in self.learned}}
        header = {"model": self.name, "format_version": self.format_version, "config": self.config.model_dump()}
        for name, member in self.members.items():
            member.save(folder / name)
        save_learned(folder, header, learned)

    @classmethod
    def load(cls, folder: Path, *, mmap: bool = True) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ModelFormatError
            If the files are missing, of another model, or of another format version.
        """
        header = read_header(folder)
        found = (header.get("model"), header.get("format_version"))
        if found != (cls.name, cls.format_version):
            raise ModelFormatError(
                f"{folder} holds model {found[0]!r} format {found[1]}, this version reads {cls.name!r} format "
                f"{cls.format_version}; train and publish again"
            )
        try:
            model = cls(cls.config_class.model_validate(header["config"]))
        except (KeyError, ValidationError) as error:
            raise ModelFormatError(f"{folder}/model.json holds a config this version cannot read: {error}") from error
        for name, value in load_learned(folder, header, mmap=mmap).items():
            setattr(model, name, value)
        model.members = {name: type(member).load(folder / name, mmap=mmap) for name, member in model.members.items()}
        return model

    def _fitted_ids(self) -> IntArray:
        if self.movie_ids_ is None:
            raise NotFittedError(f"{self.name} has not been fitted; call fit or load first")
        return self.movie_ids_


def _check_items(histories: Histories, n_items: int) -> None:
    items = histories.item_idx
    if len(items) and (items.min() < 0 or items.max() >= n_items):
        raise ValueError(f"histories name item_idx {items.min()} to {items.max()}; the model knows 0 to {n_items - 1}")
