"""Lists made from what a request says: films somebody likes, words, genres. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.lists.filling import fill_up
from pipelines.lists.rank import POPULAR, Ranker
from pipelines.models.parts.top_k import top_k
from pipelines.people.history import FloatArray
from serving.http.parameters import Filters
from serving.lists.everybody import Picks
from serving.lists.making import Rated, make_list, person
from serving.lists.stored import popular_list
from serving.snapshot import Snapshot
from serving.words.mood import Wish, read_wish
from serving.words.texts import text_scores

ModelChoice = Literal["auto", "baseline", "cf", "content"]
CONTENT = "content_based"
TASTE_WEIGHT = 0.08
"""What one standard deviation of the personal model says beside words."""


@dataclass(frozen=True)
class Made:
    """A list, and what made it."""

    picks: Picks
    model: Literal["baseline", "cf", "content"]
    understood: list[str]


def make(
    snapshot: Snapshot, rows: Sequence[Rated], text: str, filters: Filters, limit: int, choice: ModelChoice
) -> Made:
    """Make a list from a history and a text, either of which may be empty.

    ``auto`` reads the text if there is one that says something, else the history, else gives what is popular.
    ``content`` without a text compares descriptions; a release without a content model ranks by the history.
    """
    wish = read_wish(text) if choice in ("auto", "content") else Wish()
    scores, understood = text_scores(snapshot, wish)
    if understood:
        if rows:
            scores += np.float32(TASTE_WEIGHT) * _taste(snapshot, rows)
        return Made(_from_scores(snapshot, scores, rows, filters, limit), "content", understood)
    if not rows or choice == "baseline":
        places = snapshot.films.places([row.movie_id for row in rows])
        picks = popular_list(snapshot, limit, filters, without=places[places >= 0].tolist())
        picks.ratings = len(rows)
        return Made(picks, "baseline", [])
    ranker, model = _ranker(snapshot, choice)
    allowed = filters.mask(snapshot.films) if filters else None
    picks = make_list(
        ranker, rows, length=limit, explained=snapshot.explained, generated_us=snapshot.now_us(), allowed=allowed
    )  # fmt: skip
    return Made(picks, model, [])


def _ranker(snapshot: Snapshot, choice: ModelChoice) -> tuple[Ranker, Literal["cf", "content"]]:
    if choice == "content" and snapshot.content is not None:
        return snapshot.content, "content"
    return snapshot.ranker, "cf"


def _taste(snapshot: Snapshot, rows: Sequence[Rated]) -> FloatArray:
    """Return the published model's scores of a history in standard deviations, 0 where it says nothing."""
    ranker = snapshot.ranker
    scores = ranker.score(person(rows))
    taste = np.zeros(len(snapshot.films), dtype=np.float32)
    finite = np.isfinite(scores)
    if finite.any():
        spread = max(float(scores[finite].std()), 1e-9)
        taste[finite] = np.clip((scores[finite] - scores[finite].mean()) / spread, -3, 3)
    return taste


def _from_scores(snapshot: Snapshot, scores: FloatArray, rows: Sequence[Rated], filters: Filters, limit: int) -> Picks:
    allowed: NDArray[np.bool_] | None = filters.mask(snapshot.films) if filters else None
    seen = person(rows).histories_in(snapshot.films.films)
    open_scores = scores.copy() if allowed is None else np.where(allowed, scores, -np.inf).astype(np.float32)
    open_scores[seen.item_idx] = -np.inf
    lists, filled = fill_up(top_k(open_scores[None, :], limit), seen, snapshot.ranker.fillers(allowed), limit)
    items, values = lists.row(0)
    sources = [POPULAR if flag else CONTENT for flag in filled.tolist()]
    return Picks(items.tolist(), values.tolist(), sources, [], len(rows), snapshot.now_us())
