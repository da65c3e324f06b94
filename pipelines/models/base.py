"""The contract every model keeps: history in, list out.

A model learns item-side arrays in `fit` and scores *histories*, never user ids, so the nightly batch and the
live path call the same code. A subclass writes only its maths: `_fit`; `_item_side`, the arrays that rank; how it reads
a history (`history_weights`, and for factor models `signals`); and where it can `likeness`. Lists are made by
`pipelines.lists.rank` from the item side, in one pass over any number of models.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.films.films import Films
from pipelines.models.parts.fold_in import FoldIn, Matrix
from pipelines.models.parts.item_side import Factors, ItemSide, Neighbours
from pipelines.models.parts.storage import load_learned, read_header, save_learned
from pipelines.people.history import FloatArray, Histories, IntArray, WeightRule, weigh
from warehouse.errors import ModelFormatError, NotEnoughDataError, NotFittedError

SURE = 2.0
"""Ratings of a film at which half of what it tells is believed.

On the validation part of ml-latest-small 2 costs the hybrid's nDCG@10 `next` 0.0003, 3 0.0007, 5 0.0021. Without it
five films of India of two ratings each bring what one other person rated, and not one film of India.
"""


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
    reads_stars : bool
        True for a model in which a low rating speaks against films by itself; the others never read a dislike.
    of_films_alone : bool
        True for a model whose fit reads no ratings; it says in `is_fitted_on` whether films are those of its fit.
    members : dict of str to Model
        Models that this one is made of, by name; saved in sub-folders. Empty for most.
    ratings_ : float32 array, shape (n_items,), or None
        Ratings of each film in the fit; None of a model that learns from films alone.
    source : str
        What a film it lists is said to come from: "hybrid", "content_based" or "popular".
    """

    name: ClassVar[str]
    config_class: ClassVar[type[ModelConfig]]
    format_version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ()
    personal: ClassVar[bool] = True
    reads_stars: ClassVar[bool] = False
    of_films_alone: ClassVar[bool] = False
    source: ClassVar[str] = "hybrid"

    def __init__(self, config: ModelConfig | None = None) -> None:
        self.config: Any = config if config is not None else self.config_class()
        self.members: dict[str, Model] = {}
        self.ratings_: FloatArray | None = None
        self.movie_ids_: IntArray | None = None
        self._side: ItemSide | None = None

    # -- what a subclass writes -------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, histories: Histories, films: Films) -> None:
        """Set the learned attributes; inputs are checked and must not be changed."""

    def _item_side(self) -> ItemSide:
        """Return the arrays that rank; a model made of others has none of its own."""
        raise NotImplementedError(f"{self.name} ranks by its members")

    def signals(self, histories: Histories, weights: FloatArray) -> tuple[Matrix, Matrix]:
        """Return what each rating of this weight adds to its history's fold-in: curvature and target, float64.

        Of a model with `Factors` only; where both are 0 a rating is not read.
        """
        raise NotImplementedError(f"{self.name} has no fold-in")

    def likeness(self) -> ItemSide | None:
        """Return how alike films are: a symmetric matrix, or factors of length 1; None where the model cannot tell."""
        return None

    def is_fitted_on(self, films: Films) -> bool:
        """Tell whether a fit on these films would change nothing, whatever the ratings."""
        return False

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
        _check_items(self.name, histories, len(films))
        if self.is_fitted_on(films):
            return self
        self.movie_ids_ = np.asarray(films.movie_ids, dtype=np.int64)
        self.ratings_ = None if self.of_films_alone else _counted(histories, len(films))
        self._side = None
        self._fit(histories, films)
        return self

    def item_side(self) -> ItemSide:
        """Return the arrays that rank, prepared once and kept; large ones stay memory-mapped."""
        self._fitted_ids()
        if self._side is None:
            self._side = self._item_side()
        return self._side

    def fold_in(self, histories: Histories, weights: FloatArray) -> FoldIn:
        """Return the linear systems of some histories whose ratings weigh this much; of a model with `Factors` only."""
        side = self.item_side()
        if not isinstance(side, Factors):
            raise TypeError(f"{self.name} has no factors to fold a history into")
        curvature, target = self.signals(histories, weights)
        factors = side.factors[:, : side.folded]
        return FoldIn(factors, side.base, histories.indptr, histories.item_idx, curvature, target)

    def score(self, histories: Histories) -> FloatArray:
        """Score every film for every history: the plain statement of what ranking works out in one pass.

        Returns
        -------
        float32 array, shape (n_histories, n_items)
            Higher is better, -inf where the model can say nothing. Comparable within a row only.
        """
        return self.score_weighed(histories, self.history_weights(histories))

    def score_weighed(self, histories: Histories, weights: FloatArray) -> FloatArray:
        """Score as `score` does, under other weights of the ratings, float32, shape (n_ratings,)."""
        self.check(histories)
        side = self.item_side()
        if isinstance(side, Neighbours):
            scores: FloatArray = (histories.matrix(weights, self.n_items) @ side.matrix).toarray().astype(np.float32)
            scores[scores == 0] = -np.inf
            return scores
        system = self.fold_in(histories, weights)
        scores = side.complete(system.solve()).astype(np.float32) @ side.factors.T
        scores[:, ~side.scored] = -np.inf
        if self.personal:
            scores[np.bincount(histories.owner, weights=system.curvature, minlength=len(histories)) == 0] = -np.inf
        return scores

    def contributions(self, history: Histories, item_idx: ArrayLike) -> FloatArray:
        """Return what each rating of one history adds to each film's score, float32, (len(item_idx), n_ratings)."""
        self.check(history)
        items = np.asarray(item_idx, dtype=np.int32)
        side, weights = self.item_side(), self.history_weights(history)
        if isinstance(side, Neighbours):
            between = side.matrix[history.item_idx][:, items].toarray().T
            return np.asarray(between * weights, dtype=np.float32)
        return self.fold_in(history, weights).contributions(0, items).astype(np.float32)

    def history_weights(self, histories: Histories) -> FloatArray:
        """Return what each rating weighs when a history is read, float32, shape (n_ratings,), at least 0.

        All 0 where the model reads no history; a model made of others gives the mean over its members.
        """
        rule: WeightRule | None = getattr(self.config, "history", None)
        return np.zeros(len(histories.item_idx), dtype=np.float32) if rule is None else weigh(histories, rule)

    def predict_ratings(self, histories: Histories, asked: Histories) -> FloatArray | None:
        """Predict the stars of each rating in ``asked`` from the history of the same row; None if it only ranks.

        Returns
        -------
        float32 array, shape (n_asked_ratings,), 0.5-5.0 stars, or None
        """
        return None

    def save(self, folder: Path) -> None:
        """Write the config and the learned arrays into ``folder``, which may exist."""
        own = {} if self.ratings_ is None else {"ratings_": self.ratings_}
        learned = {"movie_ids_": self._fitted_ids(), **own, **{name: getattr(self, name) for name in self.learned}}
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

    def trust(self, histories: Histories, weights: FloatArray) -> FloatArray:
        """Return how much of each history is films that enough people rated to be told by, float32, (n_histories,).

        Of a film with n ratings ``n² / (n² + SURE²)``, the mean by the ratings' weights: a blend listens to a channel
        as far as that. On its own scale a history of films that one other person rated would speak as loudly as any,
        and say what that person rated. 1 where nothing is read, and for a model that learns from films alone.
        """
        if self.ratings_ is None:
            return np.ones(len(histories), dtype=np.float32)
        squares = self.ratings_[histories.item_idx].astype(np.float64) ** 2
        wide, owner = weights.astype(np.float64), histories.owner
        total = np.bincount(owner, weights=wide, minlength=len(histories)).astype(np.float64)
        sure = np.bincount(owner, weights=wide * squares / (squares + SURE**2), minlength=len(histories))
        trust: FloatArray = np.divide(sure, total, out=np.ones_like(total), where=total > 0).astype(np.float32)
        return trust

    def check(self, histories: Histories) -> None:
        """Refuse histories that name a film which the model does not know."""
        _check_items(self.name, histories, self.n_items)

    def _fitted_ids(self) -> IntArray:
        if self.movie_ids_ is None:
            raise NotFittedError(f"{self.name} has not been fitted; call fit or load first")
        return self.movie_ids_


def _counted(histories: Histories, n_items: int) -> FloatArray:
    return np.bincount(histories.item_idx, minlength=n_items).astype(np.float32)


def _check_items(name: str, histories: Histories, n_items: int) -> None:
    items = histories.item_idx
    if len(items) and (items.min() < 0 or items.max() >= n_items):
        raise ValueError(
            f"{name}: histories name item_idx {items.min()} to {items.max()}; the model knows 0 to {n_items - 1}"
        )
