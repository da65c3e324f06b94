"""Lists made from what a request says: films somebody likes, words, genres. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.filling import fill_up
from pipelines.history import FloatArray
from pipelines.models.lists import top_k
from pipelines.ranking import POPULAR, Ranker
from serving.lists import Picks
from serving.making import Rated, make_list, person
from serving.mood import Wish, read_wish
from serving.parameters import Filters
from serving.snapshot import Snapshot
from serving.stored import popular_list

ModelChoice = Literal["auto", "baseline", "cf", "content"]
CONTENT = "content_based"
GENRE_WEIGHT = 0.12
"""What a genre says beside words, whose cosine is seldom above 0.5."""
TASTE_WEIGHT = 0.08
"""What one standard deviation of the personal model says beside words."""
FAME_WEIGHT = 0.05
"""What the most popular film has before one nobody rated, so that equals come in a sensible order."""


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
    if wish.understood:
        scores = _text_scores(snapshot, wish, rows)
        if scores is not None:
            return Made(_from_scores(snapshot, scores, rows, filters, limit), "content", wish.understood)
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


def _text_scores(snapshot: Snapshot, wish: Wish, rows: Sequence[Rated]) -> FloatArray | None:
    """Score every film for a wish, and for a taste if there is one; None if no film answers to it."""
    words = _word_scores(snapshot, wish)
    genres = np.zeros(len(snapshot.films), dtype=np.float32)
    nothing = np.zeros(len(snapshot.films), dtype=bool)
    liked = nothing.copy()
    for name, says in wish.genres.items():
        members = snapshot.films.genres.get(name, nothing)
        genres[members] += says
        liked |= members & (says > 0)
    answers = ((words > 0) | liked) & (words + GENRE_WEIGHT * genres > 0)
    if not answers.any():
        return None
    scores = words + np.float32(GENRE_WEIGHT) * genres + np.float32(FAME_WEIGHT) * snapshot.fame
    if rows:
        scores += np.float32(TASTE_WEIGHT) * _taste(snapshot, rows)
    return np.where(answers, scores, -np.inf).astype(np.float32)


def _word_scores(snapshot: Snapshot, wish: Wish) -> FloatArray:
    """Ask the release's content model, or the words of its films where it has none that reads."""
    content = snapshot.content
    read = getattr(content.model, "score_text", None) if content is not None else None
    if content is None or read is None:
        return snapshot.words.score(wish.words)
    scores = np.zeros(len(snapshot.films), dtype=np.float32)
    for sign in (1, -1):
        text = " ".join(word for word, says in wish.words.items() for _ in range(round(2 * says * sign)))
        if text:
            found = np.where(np.isfinite(told := read(text)), told, 0)
            scores[content.here[content.here >= 0]] += sign * found[content.here >= 0]
    return scores


def _taste(snapshot: Snapshot, rows: Sequence[Rated]) -> FloatArray:
    """Return the published model's scores of a history in standard deviations, 0 where it says nothing."""
    ranker = snapshot.ranker
    told = ranker.model.score(person(rows).histories_in(ranker.model.films))[0]
    taste = np.zeros(len(snapshot.films), dtype=np.float32)
    finite = np.isfinite(told) & (ranker.here >= 0)
    if finite.any():
        spread = max(float(told[finite].std()), 1e-9)
        taste[ranker.here[finite]] = np.clip((told[finite] - told[finite].mean()) / spread, -3, 3)
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
