"""Protocols: which ratings are learned from, which are the history, and which are asked for.

Within a person the order is (rated_at, item_idx), and item_idx follows movie_id. A test fold is fitted on everything
before the test rows, the validation rows included; hyper-parameters are chosen on folds of ``part="validation"`` only,
which never hold a test row. Nobody is evaluated without a relevant film, and outside `stratified` nobody without a
history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pipelines.films.films import Films
from pipelines.films.tags import Tags
from pipelines.people.history import FloatArray, Histories, IntArray, ItemArray, time_order

Protocol = Literal["next", "last-out", "stratified", "temporal", "strong"]
Part = Literal["test", "validation"]
BoolArray = NDArray[np.bool_]
Draw = Callable[[IntArray], IntArray]
"""Draws from the users who can be asked."""

PROTOCOLS: tuple[str, ...] = get_args(Protocol)
LIKE_FROM = 4.0
"""Stars from which a test rating is relevant; `stratified` takes every rating."""
MIN_POSITIVES = 3
STRATIFIED_FOLDS = 5
STRATIFIED_TRAIN = 0.75
TEMPORAL_TRAIN = 0.8
VALIDATION_SEED_OFFSET = 1000
DRAW_SEED = 20_000
"""Keeps who is drawn apart from whom `strong` holds out, which have one seed."""


@dataclass(frozen=True)
class Ratings:
    """A set's ratings as flat arrays in file order, which `stratified` depends on.

    Attributes
    ----------
    user_idx : int64 array, shape (n_ratings,)
    item_idx : int32 array, shape (n_ratings,)
        Positions in the `Films` of the evaluation.
    rating : float32 array, shape (n_ratings,)
        0.5-5.0 stars.
    rated_at : int64 array, shape (n_ratings,)
        Seconds since 1970-01-01 UTC.
    n_users, n_items : int
    tags : Tags, optional
        Who put which words on films, in the same numbers; without them a fold's films are as they are given.
    """

    user_idx: IntArray
    item_idx: ItemArray
    rating: FloatArray
    rated_at: IntArray
    n_users: int
    n_items: int
    tags: Tags | None = None

    def __len__(self) -> int:
        return len(self.user_idx)

    @classmethod
    def of(cls, histories: Histories, n_items: int) -> Ratings:
        """Return everybody's ratings, in the order of the histories."""
        return cls(
            histories.owner, histories.item_idx, histories.ratings, histories.rated_at, len(histories), n_items
        )  # fmt: skip

    def histories(self, rows: BoolArray | None = None) -> Histories:
        """Return the chosen rows as one history a user of the set, shape (n_users,)."""
        kept = slice(None) if rows is None else rows
        return Histories.from_columns(
            self.user_idx[kept], self.item_idx[kept], self.rating[kept], self.rated_at[kept], self.n_users
        )


@dataclass(frozen=True)
class Fold:
    """One question put to a model: fit on ``train``, read ``histories``, find ``relevant``.

    Attributes
    ----------
    protocol, part : str
    train : Histories
        One row a user of the set, empty for those held out.
    histories : Histories
        One row an evaluated user: history and seen alike.
    users : int64 array, shape (n_evaluated,)
        The user_idx of each of those rows.
    asked : Histories
        Every test rating of those users, for rating errors.
    relevant_indptr, relevant_idx : int64 and int32 arrays
        Relevant films of row ``u``, ascending: ``relevant_idx[relevant_indptr[u]:relevant_indptr[u + 1]]``.
    """

    protocol: str
    part: str
    train: Histories
    histories: Histories
    users: IntArray
    asked: Histories
    relevant_indptr: IntArray
    relevant_idx: ItemArray
    tags: Tags | None = None

    def films(self, films: Films) -> Films:
        """Return the films as they may be learned from: with the tags that were there before what is asked for."""
        return films if self.tags is None else self.tags.on(films)


def make_folds(
    protocol: str, ratings: Ratings, part: str = "test", seed: int = 0, max_people: int | None = None, *, nth: int = 1
) -> list[Fold]:
    """Split a set as a protocol asks: five folds for `stratified`, one for the others.

    Parameters
    ----------
    protocol : {"next", "last-out", "stratified", "temporal", "strong"}
        `next`: each user's last fifth (at least one rating). `last-out`: the last positive of users with three.
        `stratified`: within each film a random quarter, every rating relevant. `temporal`: what came after one moment,
        newcomers folded in with the first half of their ratings. `strong`: the last fifth of users nobody learned from.
    part : {"test", "validation"}
    seed : int
        Whom `strong` holds out and who is drawn; the folds of `stratified` are those of seeds 0 to 4 whatever it is.
    max_people : int, optional
        Ask at most this many users a fold, drawn at random, the same ones in every fold as far as they
        can be asked in it; all are learned from.
    nth : int
        Which draw of `stratified`'s validation part, from 1; the other protocols have one validation part.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"no protocol is called {protocol!r}; there are {', '.join(PROTOCOLS)}")
    if part not in get_args(Part):
        raise ValueError(f"part must be test or validation, not {part!r}")
    if nth != 1 and (nth < 1 or protocol != "stratified" or part != "validation"):
        raise ValueError(
            f"{protocol}'s {part} part has no draw {nth}: stratified's validation part alone is drawn again"
        )
    draw = _draw(ratings.n_users, seed, max_people)
    if protocol == "stratified":
        return [_stratified(ratings, part, draw, fold, nth) for fold in range(STRATIFIED_FOLDS)]
    place, length = _places(ratings)
    if protocol == "strong":
        return [_strong(ratings, part, draw, seed, place, length)]
    makers: dict[str, Callable[[Ratings, str, Draw, IntArray, IntArray], Fold]]
    makers = {"next": _next, "last-out": _last_out, "temporal": _temporal}
    return [makers[protocol](ratings, part, draw, place, length)]


def _draw(n_users: int, seed: int, max_people: int | None) -> Draw:
    """Return the function that draws users from those who can be asked, ascending."""
    if max_people is None:
        return lambda users: users
    turn = np.random.default_rng([seed, DRAW_SEED]).permutation(n_users)
    return lambda users: np.sort(users[np.argsort(turn[users])[:max_people]])


def _next(ratings: Ratings, part: str, draw: Draw, place: IntArray, length: IntArray) -> Fold:
    size = np.maximum(1, length // 5)
    stop = length if part == "test" else length - size
    asked = (place >= stop - size) & (place < stop)
    before = place < stop - size
    relevant = asked & (ratings.rating >= LIKE_FROM)
    return _fold("next", part, ratings, draw, train=before, history=before, asked=asked, relevant=relevant)


def _last_out(ratings: Ratings, part: str, draw: Draw, place: IntArray, length: IntArray) -> Fold:
    positive = ratings.rating >= LIKE_FROM
    count = np.bincount(ratings.user_idx, weights=positive, minlength=ratings.n_users).astype(np.int64)
    chosen = (count >= MIN_POSITIVES)[ratings.user_idx]
    order = np.lexsort((place, ratings.user_idx))
    running = np.cumsum(positive[order])
    before_user = np.concatenate(([0], np.cumsum(count)[:-1]))
    nth = np.empty(len(ratings), dtype=np.int64)
    nth[order] = running - before_user[ratings.user_idx[order]]
    target = count[ratings.user_idx] - (0 if part == "test" else 1)
    asked = chosen & positive & (nth == target)
    asked_place = np.full(ratings.n_users, np.iinfo(np.int64).max)
    asked_place[ratings.user_idx[asked]] = place[asked]
    before = place < asked_place[ratings.user_idx]
    return _fold("last-out", part, ratings, draw, train=before, history=before, asked=asked, relevant=asked)


def _stratified(ratings: Ratings, part: str, draw: Draw, fold: int, nth: int) -> Fold:
    train = _stratified_train(ratings.item_idx, fold)
    asked = ~train
    if part == "validation":
        kept = _stratified_train(ratings.item_idx[train], nth * VALIDATION_SEED_OFFSET + fold)
        rows = np.flatnonzero(train)
        asked = np.zeros(len(ratings), dtype=bool)
        asked[rows[~kept]] = True
        train = train & ~asked
    return _fold(
        "stratified", part, ratings, draw, train=train, history=train, asked=asked, relevant=asked, needs_history=False
    )


def _stratified_train(item_idx: ItemArray, seed: int) -> BoolArray:
    """Mark, within each film, the 75 % of rows with the lowest draw."""
    draws = np.random.RandomState(seed).rand(len(item_idx))
    order = np.lexsort((draws, item_idx))
    count = np.bincount(item_idx)
    start = np.concatenate(([0], np.cumsum(count)[:-1]))
    rank = np.empty(len(item_idx), dtype=np.int64)
    rank[order] = np.arange(len(item_idx)) - start[item_idx[order]] + 1
    train: BoolArray = rank <= np.round(STRATIFIED_TRAIN * count)[item_idx]
    return train


def _temporal(ratings: Ratings, part: str, draw: Draw, place: IntArray, length: IntArray) -> Fold:
    within = np.ones(len(ratings), dtype=bool)
    if part == "validation":
        within = ratings.rated_at < _moment(ratings.rated_at)
    moment = _moment(ratings.rated_at[within])
    train = within & (ratings.rated_at < moment)
    known = np.bincount(ratings.user_idx[train], minlength=ratings.n_users) > 0
    held = np.bincount(ratings.user_idx[within], minlength=ratings.n_users)
    newcomer = within & ~known[ratings.user_idx]
    # ratings within are each person's first ones, so their place among all is their place within
    first_half = newcomer & (place < (held // 2)[ratings.user_idx])
    asked = within & ~train & ~first_half
    relevant = asked & (ratings.rating >= LIKE_FROM)
    return _fold(
        "temporal", part, ratings, draw, train=train, history=train | first_half, asked=asked, relevant=relevant,
        moment=moment,
    )  # fmt: skip


def _moment(rated_at: IntArray) -> int:
    """Return the time before which 80 % of the ratings (or a few less, with ties) were given."""
    return int(np.sort(rated_at)[int(TEMPORAL_TRAIN * len(rated_at))]) if len(rated_at) else 0


def _strong(ratings: Ratings, part: str, draw: Draw, seed: int, place: IntArray, length: IntArray) -> Fold:
    shuffled = np.random.default_rng(seed).permutation(ratings.n_users)
    fifth = max(1, ratings.n_users // 5)
    held = {"test": shuffled[:fifth], "validation": shuffled[fifth : 2 * fifth]}
    out = np.zeros(ratings.n_users, dtype=bool)
    out[held["test"]] = True
    out[held[part]] = True
    chosen = np.isin(ratings.user_idx, held[part])
    asked = chosen & (place >= length - np.maximum(1, length // 5))
    relevant = asked & (ratings.rating >= LIKE_FROM)
    train = ~out[ratings.user_idx]
    return _fold("strong", part, ratings, draw, train=train, history=chosen & ~asked, asked=asked, relevant=relevant)


def _places(ratings: Ratings) -> tuple[IntArray, IntArray]:
    """Return each rating's place in its user's sequence, from 0, and that sequence's length."""
    order = time_order(ratings.user_idx, ratings.item_idx, ratings.rated_at)
    count = np.bincount(ratings.user_idx, minlength=ratings.n_users)
    start = np.cumsum(count) - count
    if order is None:
        return np.arange(len(ratings)) - start[ratings.user_idx], count[ratings.user_idx]
    place = np.empty(len(ratings), dtype=np.int64)
    place[order] = np.arange(len(ratings)) - start[ratings.user_idx[order]]
    return place, count[ratings.user_idx]


def _fold(
    protocol: str,
    part: str,
    ratings: Ratings,
    draw: Draw,
    *,
    train: BoolArray,
    history: BoolArray,
    asked: BoolArray,
    relevant: BoolArray,
    needs_history: bool = True,
    moment: int | None = None,
) -> Fold:
    has_relevant = np.bincount(ratings.user_idx[relevant], minlength=ratings.n_users) > 0
    has_history = np.bincount(ratings.user_idx[history], minlength=ratings.n_users) > 0
    users = draw(np.flatnonzero(has_relevant & (has_history | (not needs_history))))
    drawn = np.zeros(ratings.n_users, dtype=bool)
    drawn[users] = True
    theirs = drawn[ratings.user_idx]
    wanted = ratings.histories(relevant & theirs).take(users)
    order = np.lexsort((wanted.item_idx, wanted.owner))
    # what is asked without a history is asked without an order: there tags have no before and after
    held = (ratings.user_idx[~train], ratings.item_idx[~train], ratings.rated_at[~train])
    return Fold(
        protocol=protocol,
        part=part,
        train=ratings.histories(train),
        histories=ratings.histories(history & theirs).take(users),
        users=users,
        asked=ratings.histories(asked & theirs).take(users),
        relevant_indptr=wanted.indptr,
        relevant_idx=wanted.item_idx[order],
        tags=None if ratings.tags is None else ratings.tags.before(*held, in_order=needs_history, moment=moment),
    )
