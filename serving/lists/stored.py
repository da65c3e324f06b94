"""Stored lists with filters, or longer than stored: what is stored first, then more of the same from the model."""

from __future__ import annotations

import asyncio

import numpy as np
from numpy.typing import NDArray

from serving.http.parameters import Filters
from serving.lists.everybody import Picks
from serving.lists.making import make_list, stored_rows
from serving.snapshot import Snapshot


async def stored_list(snapshot: Snapshot, user_id: str, limit: int, filters: Filters) -> Picks | None:
    """Return somebody's list from the release, or None if they have none.

    Without filters and no longer than stored it is read from memory; otherwise a thread makes what is missing.
    """
    lists = snapshot.lists
    if filters or not lists.in_memory:
        return await asyncio.to_thread(_read, snapshot, user_id, limit, filters)
    picks = snapshot.find(user_id, limit)
    if picks is None or len(picks.places) == limit:
        return picks
    return await asyncio.to_thread(_read, snapshot, user_id, limit, filters)


def _read(snapshot: Snapshot, user_id: str, limit: int, filters: Filters) -> Picks | None:
    picks = snapshot.find(user_id)
    if picks is None:
        return None
    allowed = filters.mask(snapshot.films) if filters else None
    kept = [rank for rank, place in enumerate(picks.places) if allowed is None or allowed[place]][:limit]
    if len(kept) == limit:
        return picks.at(kept)
    return _top_up(snapshot, user_id, picks.at(kept), limit, allowed)


def _top_up(snapshot: Snapshot, user_id: str, kept: Picks, limit: int, allowed: NDArray[np.bool_] | None) -> Picks:
    """Add films that the model ranks next for the history the release was made from."""
    history = snapshot.history_of(user_id)
    if history is None:
        return kept
    rest = np.ones(len(snapshot.films), dtype=bool) if allowed is None else allowed.copy()
    rest[kept.places] = False
    more = make_list(
        snapshot.ranker, stored_rows(history), length=limit - len(kept.places), explained=snapshot.explained,
        generated_us=kept.generated_us, allowed=rest, below=kept.scores[-1] if kept.scores else None,
    )  # fmt: skip
    unexplained: list[list[tuple[int, float]] | None] = [None] * (len(kept.places) - len(kept.because))
    because = [*kept.because, *unexplained, *more.because]
    return Picks(
        kept.places + more.places,
        kept.scores + more.scores,
        kept.sources + more.sources,
        because[: snapshot.explained],
        kept.ratings,
        kept.generated_us,
        kept.ranked_by,
    )


def popular_list(snapshot: Snapshot, limit: int, filters: Filters, *, without: list[int] | None = None) -> Picks:
    """Return what many people like, filtered, and without the films somebody rated (their places)."""
    if not filters and not without:
        return snapshot.popular(limit)
    allowed = filters.mask(snapshot.films) if filters else np.ones(len(snapshot.films), dtype=bool)
    if without:
        allowed[without] = False
    return snapshot.popular(limit, allowed)
