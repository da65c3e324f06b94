"""Lists made from what a request says: films somebody likes, words, genres. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.lists.rank import POPULAR, Ranker
from pipelines.people.history import FloatArray
from serving.http.parameters import Filters
from serving.lists.everybody import Picks
from serving.lists.making import Rated, make_list
from serving.lists.stored import popular_list
from serving.snapshot import Snapshot
from serving.words.answer import Answer, answer
from serving.words.conditions import SIMILAR_DEPTH
from serving.words.plan import Piece, Plan

ModelChoice = Literal["auto", "baseline", "cf", "content"]
CONTENT = "content_based"
TASTE_DEPTH = 300
"""Films of the person's own list that say something beside a wish."""


@dataclass(frozen=True)
class Wished:
    """A list, what made it, and what it makes of the wish's text.

    Attributes
    ----------
    understood, loosened : tuple of Piece
        What the films meet, and what was let go as too few met it, in that order.
    """

    picks: Picks
    model: Literal["baseline", "cf", "content"]
    understood: tuple[Piece, ...] = field(default=())
    loosened: tuple[Piece, ...] = field(default=())


def make(
    snapshot: Snapshot, rows: Sequence[Rated], text: str, filters: Filters, limit: int, choice: ModelChoice,
    plan: Plan | None = None,
) -> Wished:  # fmt: skip
    """Make a list from a history and a text, either of which may be empty.

    ``auto`` reads the text if there is one that says something, else the history, else gives what is popular.
    A ``plan`` is what the text was read as elsewhere.
    ``content`` without a text compares descriptions; a release without a content model ranks by the history.
    """
    if plan is None:
        plan = snapshot.facts.reader.read(text) if is_read(text, choice) else Plan()
    if plan:
        chosen = _answer(snapshot, plan, rows, filters, limit)
        if chosen.used or chosen.loosened:
            return Wished(_picks(snapshot, chosen, len(rows)), "content", chosen.used, chosen.loosened)
    if not rows or choice == "baseline":
        places = snapshot.films.places([row.movie_id for row in rows])
        picks = popular_list(snapshot, limit, filters, without=places[places >= 0].tolist())
        picks.ratings = len(rows)
        return Wished(picks, "baseline")
    ranker, model = _ranker(snapshot, choice)
    allowed = filters.mask(snapshot.films) if filters else None
    picks = make_list(
        ranker, rows, length=limit, explained=snapshot.explained, generated_us=snapshot.now_us(), allowed=allowed
    )  # fmt: skip
    return Wished(picks, model)


def is_read(text: str, choice: ModelChoice) -> bool:
    """Tell whether a list is made from the text."""
    return bool(text) and choice in ("auto", "content")


def _ranker(snapshot: Snapshot, choice: ModelChoice) -> tuple[Ranker, Literal["cf", "content"]]:
    if choice == "content" and snapshot.content is not None:
        return snapshot.content, "content"
    return snapshot.ranker, "cf"


def _answer(snapshot: Snapshot, plan: Plan, rows: Sequence[Rated], filters: Filters, limit: int) -> Answer:
    allowed = filters.mask(snapshot.films) if filters else np.ones(len(snapshot.films), dtype=bool)
    rated = snapshot.films.places([row.movie_id for row in rows])
    allowed[rated[rated >= 0]] = False
    similar = {p.low: _similar(snapshot, p.low) for p in plan.pieces if p.kind == "title" and p.low is not None}
    return answer(snapshot.facts, plan, similar, allowed, _taste(snapshot, rows) if rows else None, limit)


def _similar(snapshot: Snapshot, place: int) -> list[tuple[int, float]]:
    """Return the release's films most like one film, best first."""
    rows = snapshot.reader.similar_to(int(snapshot.films.films.movie_ids[place]), SIMILAR_DEPTH)
    places = snapshot.films.places([movie_id for movie_id, _ in rows]).tolist()
    return [(similar, score) for similar, (_, score) in zip(places, rows, strict=True) if similar >= 0]


def _taste(snapshot: Snapshot, rows: Sequence[Rated]) -> FloatArray:
    """Return how high each film stands in the person's own list: 1 for the first, towards 0 for the last of 300."""
    own = make_list(snapshot.ranker, rows, length=TASTE_DEPTH, explained=0, generated_us=0)
    taste: NDArray[np.float32] = np.zeros(len(snapshot.films), dtype=np.float32)
    listed = [place for place, source in zip(own.places, own.sources, strict=True) if source != POPULAR]
    taste[listed] = 1 - np.arange(len(listed), dtype=np.float32) / max(1, len(listed))
    return taste


def _picks(snapshot: Snapshot, chosen: Answer, ratings: int) -> Picks:
    sources = [CONTENT if at < chosen.n_chosen else POPULAR for at in range(len(chosen.places))]
    return Picks(chosen.places, chosen.scores, sources, [], ratings, snapshot.now_us())
