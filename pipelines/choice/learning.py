"""Learning a blend from the data at hand: its members are fitted before a protocol's validation part and asked for it.

Where that was measured to be worth its time and people are few (`stratified`), they are asked again, about another
draw, by members that were fitted without it. What is learned there may be used on everything up to that protocol's test
part, and on no other protocol's: what one asks for, another may have learned from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pipelines.blend.channels import split_name
from pipelines.blend.hybrid import HybridModel
from pipelines.blend.one_pass import candidate_scores
from pipelines.choice.evaluation.split import Fold, Ratings, make_folds
from pipelines.choice.examples import Examples
from pipelines.choice.weights import Lesson, learn_weights
from pipelines.films.films import Films
from pipelines.models.base import Model
from pipelines.models.parts.sharing import fit_all, of_films_alone
from pipelines.people.history import IntArray

CANDIDATES = 300
"""Films a person whose order is learned from."""
PEOPLE = 2000
"""People asked at most."""
RATINGS = 5_000_000
"""Ratings that the members learn from at most, those of people drawn at random: large sets take no longer."""
ROUNDS = {"stratified": 4}
"""Rounds of questions at most; one for other protocols. docs/evaluation.md tells what each was worth."""
QUESTIONS = 3800
"""Questions that further rounds may add up to: sets of thousands of people are asked once, and take no longer."""
QUIET = 0.02
"""Share of all weights given to a channel without one, so that its films become candidates."""

Progress = Callable[[str], None]


@dataclass
class Learner:
    """Learns blends on the validation folds of one protocol.

    Attributes
    ----------
    ready : list of Model
        Fitted before: those that learn from films alone are not fitted again. `learn` adds its own.
    lessons : dict of fold number to Lesson
        What was learned, by `learn`.
    """

    protocol: str
    ratings: Ratings
    films: Films
    seed: int = 0
    progress: Progress | None = None
    ready: list[Model] = field(default_factory=list)
    lessons: dict[int, Lesson] = field(default_factory=dict)
    _folds: dict[int, list[Fold]] = field(default_factory=dict)

    def learn(self, model: Model, fold: int = 0) -> Model:
        """Return the model unfitted with weights learned on a fold; as it is where its recipe has nothing to learn.

        Parameters
        ----------
        fold : int
            Whose training part the weights may know; others than `stratified` have one.
        """
        if not isinstance(model, HybridModel) or not model.config.channels:
            return model
        first = self._fold(fold, 1)
        if len(first.users) == 0:
            return model.weighed(model.config.weights)
        n_rounds = min(ROUNDS.get(self.protocol, 1), max(1, QUESTIONS // len(first.users)))
        rounds = []
        for nth in range(1, n_rounds + 1):
            validation = self._fold(fold, nth)
            if self.progress is not None:
                self.progress(f"{self.protocol}: learning the weights, round {nth} of {n_rounds}")
            if len(validation.users) > 0:
                rounds.append(self._ask(model, validation))
        lesson = learn_weights(Examples.stack(rounds), model.config.weights, self.seed)
        self.lessons[fold] = lesson
        return model.weighed(lesson.weights)

    def _fold(self, fold: int, nth: int) -> Fold:
        """Return a fold of the nth validation part; its folds are made once."""
        if nth not in self._folds:
            chosen = draw_ratings(self.ratings, RATINGS, self.seed)
            self._folds[nth] = make_folds(self.protocol, chosen, "validation", self.seed, PEOPLE, nth=nth)
        return self._folds[nth][fold]

    def _ask(self, model: HybridModel, validation: Fold) -> Examples:
        """Fit every channel the blend may have before a validation part, and ask them for it."""
        ((_, wide),) = fit_all(
            {model.name: widen(model)}, validation.train, validation.films(self.films), ready=self.ready
        )
        self.ready += of_films_alone([wide])
        return examples_of(wide, validation)


def widen(blend: HybridModel) -> HybridModel:
    """Return a blend, unfitted, of every channel that this one might have, new ones at a faint weight."""
    weights = {name: weight for name, weight in blend.config.weights.items() if weight != 0}
    faint = QUIET * sum(abs(weight) for weight in weights.values())
    for name in blend.config.channels:
        weights.setdefault(name, -faint if split_name(name)[1] == "dislikes" else faint)
    return blend.weighed(weights)


def examples_of(model: Model, fold: Fold) -> Examples:
    """Return what a fitted blend's channels say of the candidates of everybody a fold asks, and what was taken."""
    n_items = model.n_items
    found = candidate_scores(model, fold.histories, CANDIDATES)
    owner = np.repeat(np.arange(len(found.lists)), np.diff(found.lists.indptr))
    n_relevant: IntArray = np.diff(fold.relevant_indptr).astype(np.int64)
    taken = np.repeat(np.arange(len(n_relevant)), n_relevant) * n_items + fold.relevant_idx
    hits = np.isin(owner * n_items + found.lists.item_idx, taken)
    indptr = found.lists.indptr.astype(np.int64)
    return Examples(tuple(found.channels), found.says, indptr, hits, n_relevant, fold.users)


def draw_ratings(ratings: Ratings, limit: int, seed: int) -> Ratings:
    """Return the ratings of people drawn at random, at most ``limit`` of them; people keep their numbers."""
    if len(ratings) <= limit:
        return ratings
    counts = np.bincount(ratings.user_idx, minlength=ratings.n_users)
    order = np.random.default_rng(seed).permutation(ratings.n_users)
    drawn = np.zeros(ratings.n_users, dtype=bool)
    drawn[order[np.cumsum(counts[order]) <= limit]] = True
    rows = drawn[ratings.user_idx]
    return dataclasses.replace(
        ratings, user_idx=ratings.user_idx[rows], item_idx=ratings.item_idx[rows], rating=ratings.rating[rows],
        rated_at=ratings.rated_at[rows],
    )  # fmt: skip
