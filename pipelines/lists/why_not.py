"""Why a film is not on somebody's list, or where on it: its place among all films, and what each channel says for it.

answer = why_not(ranker, person, movie_id, length=50)
answer.outcome, answer.rank, answer.score, answer.channels
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pipelines.blend.scored import Scored
from pipelines.lists.rank import Ranker
from pipelines.models.parts.top_k import Lists
from pipelines.people.reader import People

Outcome = Literal["listed", "further_down", "rated", "not_scored"]
"""``listed``; ``further_down``: scored, and behind the list's end; ``rated``: what somebody rated is never recommended;
``not_scored``: nothing in their history speaks for it, so it could only fill a list up, and does not."""


@dataclass(frozen=True)
class ChannelSays:
    """One channel's part in a film's score.

    Attributes
    ----------
    points : float
        What it adds to the score; below 0 it speaks against the film.
    share : float
        Its part of all that is said, for and against, 0 to 1.
    """

    channel: str
    points: float
    share: float


@dataclass(frozen=True)
class WhyNot:
    """What became of a film in somebody's ranking.

    Attributes
    ----------
    rank : int or None
        Its place among all films they have not rated, from 1; None where it has none.
    score : float or None
        What it is ranked by.
    of : int
        Films that have a score for them.
    last_score : float or None
        The score of the list's last film.
    rating : float or None
        The stars they gave it, where they did.
    channels : list of ChannelSays
        The loudest first; none for a film that fills a list up.
    """

    outcome: Outcome
    rank: int | None
    score: float | None
    of: int
    length: int
    last_score: float | None
    rating: float | None = None
    channels: list[ChannelSays] = field(default_factory=list)

    @property
    def in_words(self) -> str:
        """The answer as a sentence."""
        if self.outcome == "rated":
            return f"they rated it {self.rating:g} stars, and what somebody rated is never recommended"
        if self.outcome == "not_scored":
            return "no channel of the model says anything for it, and the list is full without it"
        if self.outcome == "listed":
            return f"it is on the list, at place {self.rank}"
        return f"it is at place {self.rank:,} of {self.of:,}, and the list ends at {self.length}"


def why_not(ranker: Ranker, person: People, movie_id: int, *, length: int) -> WhyNot:
    """Tell what became of a film in one person's list.

    Parameters
    ----------
    person : People
        One history, as the list was made from.
    movie_id : int
        A film of ``ranker.films``.
    length : int
        Films of the list.

    Raises
    ------
    KeyError
        If the ranker may not list that film.
    """
    place = int(ranker.films.index_of([movie_id])[0])
    if place < 0:
        raise KeyError(movie_id)
    seen = person.histories_in(ranker.films)
    finished = ranker.rank(person, length=length, explained=0)
    items, scores = finished.lists.row(0)
    last = float(scores[-1]) if len(scores) else None
    item = int(ranker.known.index_of([movie_id])[0])
    (batch,) = ranker.one_pass.batches(person.histories_in(ranker.known))
    totals = np.where(ranker.places >= 0, batch.scores()[0], -np.inf)
    of = int(np.isfinite(totals).sum())
    given = seen.ratings[seen.item_idx == place]
    if len(given):
        return WhyNot("rated", None, None, of, length, last, rating=float(given[0]))
    scored = item >= 0 and bool(np.isfinite(totals[item]))
    channels = _channels(ranker, batch, item) if scored else []
    found = np.flatnonzero(items == place)
    if len(found):
        return WhyNot("listed", int(found[0]) + 1, float(scores[found[0]]), of, length, last, channels=channels)
    if not scored:
        return WhyNot("not_scored", None, None, of, length, last)
    ahead = (totals > totals[item]).sum() + (totals[:item] == totals[item]).sum()
    # slots that the model keeps for new films push others down: never above the list's end
    return WhyNot(
        "further_down", max(int(ahead), len(items)) + 1, float(totals[item]), of, length, last, channels=channels
    )


def _channels(ranker: Ranker, batch: Scored, item: int) -> list[ChannelSays]:
    one = Lists(np.array([0, 1]), np.array([item], dtype=np.int32), np.zeros(1, dtype=np.float32))
    says = batch.explain(one).says[0]
    total = float(np.abs(says).sum()) or 1.0
    words = zip(ranker.one_pass.channels, says.tolist(), strict=True)
    told = [ChannelSays(channel.name, points, abs(points) / total) for channel, points in words if points]
    return sorted(told, key=lambda each: -abs(each.points))
