"""Films for a plan: those that meet all of it first, then those that meet most of it, then what is popular.

What is to be kept out stays out, and a children's film is a children's film, however few there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.people.history import FloatArray
from serving.words.conditions import LOOSENED_FIRST, Condition, condition_of
from serving.words.facts import Facts, Mask
from serving.words.plan import Piece, Plan

MERIT, FAME = 0.25, 0.35
"""What the best and the best known film have before the last one, beside a score of 0 to 1 for each condition."""
TASTE = 0.35
"""What the person's own list says, from its first film to its last."""


@dataclass(frozen=True)
class Answer:
    """The films of a plan.

    Attributes
    ----------
    places : list of int
        Best first.
    scores : list of float
        0-1, falling.
    n_met : int
        How many of them meet all of the plan.
    n_chosen : int
        How many of them meet some of it; what follows is popular.
    used, loosened : tuple of Piece
        What the films meet, and what was let go, in that order, as too few met it.
    """

    places: list[int]
    scores: list[float]
    n_met: int
    n_chosen: int
    used: tuple[Piece, ...]
    loosened: tuple[Piece, ...]


def answer(
    facts: Facts, plan: Plan, similar: dict[int, list[tuple[int, float]]], allowed: Mask, taste: FloatArray | None,
    limit: int,
) -> Answer:  # fmt: skip
    """Choose films for a plan.

    Parameters
    ----------
    similar : dict of int to list of (place, score)
        For the place of each film that the plan names as a title: the films most like it.
    allowed : bool array, shape (n_films,)
        Films that may be listed at all; not changed.
    taste : float32 array, shape (n_films,), or None
        How much the person likes each film, 0-1.
    limit : int
        At most this many films; fewer only where ``allowed`` and what is to be kept out leave fewer.
    """
    allowed = allowed.copy()
    allowed[[place for p in plan.pieces if p.firm and not p.negative and (place := _place(p)) >= 0]] = False
    conditions = [c for p in plan.pieces if (c := condition_of(facts, p, similar.get(_place(p), ()))) is not None]
    for condition in conditions:
        if condition.never_loosened and condition.met is not None:
            allowed = allowed & condition.met
    held = [c for c in conditions if not c.never_loosened and (c.met is not None or not _is_firm(conditions))]
    order = sorted(held, key=lambda c: LOOSENED_FIRST.index(c.piece.kind))
    scores = _scores(facts, conditions, taste)
    places: list[int] = []
    points: list[float] = []
    loosened: list[Condition] = []
    n_met = 0
    for step in range(len(order) + 1):
        mask = allowed.copy()
        mask[places] = False
        for condition in order[step:]:
            mask &= _met(condition)
        if step == len(order) and order:
            break
        best = _best(scores, mask, limit - len(places))
        points += _falling(scores[best], step).tolist()
        places += best.tolist()
        n_met = len(places) if step == 0 else n_met
        if len(places) >= limit or step >= len(order):
            break
        loosened.append(order[step])
        if len(order) - step == 1:
            break
    n_chosen = len(places) if conditions else 0
    rest = allowed.copy()
    rest[places] = False
    filler = _best(FAME * facts.fame + MERIT * facts.merit, rest, limit - len(places))
    points += _falling((FAME * facts.fame + MERIT * facts.merit)[filler], len(order) + 1).tolist()
    places += filler.tolist()
    gone = {id(c) for c in loosened} if n_met < min(limit, len(places)) else set()
    used = tuple(c.piece for c in conditions if id(c) not in gone or n_met)
    return Answer(places, points, n_met, n_chosen, used, tuple(c.piece for c in loosened if id(c) in gone))


def _place(piece: Piece) -> int:
    return piece.low if piece.kind == "title" and piece.low is not None else -1


def _is_firm(conditions: list[Condition]) -> bool:
    """Tell whether any condition says which films are meant; a mood alone must then be one."""
    return any(c.met is not None for c in conditions)


def _met(condition: Condition) -> Mask:
    if condition.met is not None:
        return condition.met
    met: Mask = condition.score > 0 if condition.score is not None else np.zeros(0, dtype=bool)
    return met


def _scores(facts: Facts, conditions: list[Condition], taste: FloatArray | None) -> FloatArray:
    total = np.float32(MERIT) * facts.merit + np.float32(FAME) * facts.fame
    for condition in conditions:
        if condition.score is not None:
            total = total + condition.score
    return total if taste is None else total + np.float32(TASTE) * taste


def _best(scores: FloatArray, mask: Mask, count: int) -> np.ndarray:
    """Return the places of the best films of a mask: score descending, movie_id ascending."""
    places = np.flatnonzero(mask)
    return places[np.lexsort((places, -scores[places]))[: max(0, count)]]


def _falling(scores: FloatArray, step: int) -> FloatArray:
    """Return falling scores between the share of this step and that of the next, 1 to 0."""
    top, bottom = 0.8**step, 0.8 ** (step + 1)
    if len(scores) == 0:
        return scores
    spread = float(scores[0] - scores[-1])
    share = (scores - scores[-1]) / spread if spread > 0 else np.ones_like(scores)
    points: FloatArray = (bottom + (top - bottom) * (0.05 + 0.95 * share)).astype(np.float32)
    return points
