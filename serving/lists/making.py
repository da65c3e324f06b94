"""Lists made while somebody waits, by the code that makes the nightly ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.lists.finished import FinishedLists
from pipelines.lists.rank import Ranker
from pipelines.people.fingerprint import fingerprints
from pipelines.people.reader import People, one_person
from pipelines.sources.supabase.live import LiveRating
from serving.lists.everybody import Picks
from warehouse.release_reader import StoredHistory

LIVE_SOURCE = "supabase"
"""What the histories call ratings that are read live."""


class Rated(NamedTuple):
    """One rating of a history: TMDB id, 0.5-5.0 stars, seconds since 1970-01-01 UTC."""

    movie_id: int
    rating: float
    rated_seconds: int


def merge(fresh: Sequence[LiveRating], stored: StoredHistory | None) -> list[Rated]:
    """Return the history somebody has now, by film.

    What Supabase says at this moment takes the place of what it said when the release was made, also where another
    source had part in a rating: one that was deleted there is gone. Ratings that came from other sources alone stay,
    and win over Supabase's for a film only if they are later.
    """
    history = {rating.movie_id: Rated(*_plain(rating)) for rating in fresh}
    if stored is not None:
        rows = zip(stored.movie_ids, stored.ratings, stored.rated_seconds, stored.sources, strict=True)
        for movie_id, stars, seconds, source in rows:
            if LIVE_SOURCE in source.split("+"):
                continue
            live = history.get(movie_id)
            if live is None or seconds > live.rated_seconds:
                history[movie_id] = Rated(movie_id, stars, seconds)
    return [history[movie_id] for movie_id in sorted(history)]


def _plain(rating: LiveRating) -> tuple[int, float, int]:
    return rating.movie_id, float(np.float32(rating.rating)), rating.rated_seconds


def stored_rows(stored: StoredHistory) -> list[Rated]:
    """Return a stored history as rows."""
    return [Rated(*row) for row in zip(stored.movie_ids, stored.ratings, stored.rated_seconds, strict=True)]


def fingerprint_of(rows: Sequence[Rated]) -> int:
    """Return the fingerprint of a history, comparable with the release's."""
    ids, stars = [row.movie_id for row in rows], [row.rating for row in rows]
    return int(fingerprints(ids, np.array(stars, dtype=np.float32), [0, len(rows)])[0])


def person(rows: Sequence[Rated]) -> People:
    """Return one history as the jobs' people, one of them."""
    return one_person([row.movie_id for row in rows], [row.rating for row in rows], [row.rated_seconds for row in rows])


def make_list(
    ranker: Ranker,
    rows: Sequence[Rated],
    *,
    length: int,
    explained: int,
    generated_us: int,
    allowed: NDArray[np.bool_] | None = None,
    below: float | None = None,
) -> Picks:
    """Make one list from one history; nothing rated is in it.

    Parameters
    ----------
    allowed : bool array, shape (n_films,), optional
        Films that may be listed.
    below : float, optional
        The last score of the list that this one continues.
    """
    finished = ranker.rank(person(rows), length=length, explained=explained, allowed=allowed, below=below)
    return picks_of(finished, ranker.model.name, ratings=len(rows), generated_us=generated_us)


def picks_of(finished: FinishedLists, ranked_by: str, *, ratings: int, generated_us: int) -> Picks:
    """Return the first list of a ranking by a model."""
    items, scores = finished.lists.row(0)
    sources = [finished.names[code] for code in finished.speakers[: len(items)].tolist()]
    reasons = finished.reasons
    places = finished.films.index_of(reasons.movie_ids).tolist()
    entries = list(zip(places, reasons.shares.tolist(), strict=True))
    bounds = reasons.per_film[: reasons.per_list[1] + 1].tolist()
    because: list[list[tuple[int, float]] | None] = [entries[low:high] for low, high in pairwise(bounds)]
    return Picks(items.tolist(), scores.tolist(), sources, because, ratings, generated_us, ranked_by)
