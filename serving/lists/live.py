"""Somebody's list at this moment: the stored one, or a new one if they have rated since, or, in need, popular films."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.sources.supabase.live import LiveRating, LiveRatings
from serving.http.parameters import NO_FILTERS, Filters
from serving.lists.everybody import Picks
from serving.lists.making import fingerprint_of, make_list, merge
from serving.lists.stored import popular_list, stored_list
from serving.metrics import Metrics
from serving.snapshot import Snapshot
from warehouse.errors import SourceError
from warehouse.release_reader import StoredHistory

log = logging.getLogger(__name__)

MIN_SECONDS = 0.05
"""What is left for reading ratings when checking a token took nearly all the time."""


@dataclass(frozen=True)
class Personal:
    """A list and how it was made.

    Attributes
    ----------
    stale : bool
        Whether the ratings of this moment could not be read.
    outdated : bool or None
        Whether there are newer ratings than the list's; None where that is not known.
    """

    picks: Picks
    strategy: Literal["precomputed", "live", "popularity_fallback"]
    stale: bool = False
    outdated: bool | None = False


class Live:
    """Makes personal lists; knows nothing about anybody between two requests."""

    def __init__(self, ratings: LiveRatings | None, metrics: Metrics, *, seconds: float, min_ratings: int) -> None:
        self._ratings, self._metrics = ratings, metrics
        self._seconds, self._min_ratings = seconds, min_ratings

    async def list_for(
        self, snapshot: Snapshot, user_id: str, limit: int, *, started: float, filters: Filters = NO_FILTERS
    ) -> Personal:
        """Return somebody's list.

        Parameters
        ----------
        started : float
            ``time.monotonic()`` when the request came; Supabase's time counts from there.
        """
        if self._ratings is None:
            self._metrics.live_failures.labels("not configured").inc()
            return await self._stale(snapshot, user_id, limit, filters)
        seconds = max(MIN_SECONDS, self._seconds - (time.monotonic() - started))
        # what the release knows is looked up while Supabase is asked
        fresh, known = await asyncio.gather(
            self._fresh(self._ratings, user_id, seconds), asyncio.to_thread(snapshot.history_of, user_id)
        )
        if fresh is None:
            return await self._stale(snapshot, user_id, limit, filters)
        made = await asyncio.to_thread(self._make, snapshot, fresh, known, limit, filters)
        return made or await self.stored(snapshot, user_id, limit, filters)

    async def stored(self, snapshot: Snapshot, user_id: str, limit: int, filters: Filters) -> Personal:
        """Return what the release has for somebody: their list, or popular films."""
        picks = await stored_list(snapshot, user_id, limit, filters)
        if picks is None:
            return Personal(popular_list(snapshot, limit, filters), "popularity_fallback")
        return Personal(picks, "precomputed")

    async def _stale(self, snapshot: Snapshot, user_id: str, limit: int, filters: Filters) -> Personal:
        return replace(await self.stored(snapshot, user_id, limit, filters), stale=True, outdated=None)

    async def _fresh(self, ratings: LiveRatings, user_id: str, seconds: float) -> list[LiveRating] | None:
        """Return the ratings of this moment, or None where they cannot be had."""
        try:
            return await ratings.read(user_id, seconds=seconds)
        except SourceError as error:
            self._metrics.live_failures.labels(type(error).__name__).inc()
            log.warning("ratings not read reason=%s", error)
            return None

    def _make(
        self, snapshot: Snapshot, fresh: list[LiveRating], stored: StoredHistory | None, limit: int, filters: Filters
    ) -> Personal | None:
        """Return a live list or popular films; None if the stored list is of exactly this history."""
        rows = merge(fresh, stored)
        if len(rows) < self._min_ratings:
            places = snapshot.films.places([row.movie_id for row in rows])
            picks = popular_list(snapshot, limit, filters, without=places[places >= 0].tolist())
            picks.ratings = len(rows)
            return Personal(picks, "popularity_fallback")
        if stored is not None and fingerprint_of(rows) == stored.fingerprint:
            return None
        picks = make_list(
            snapshot.ranker, rows, length=limit, explained=snapshot.explained, generated_us=snapshot.now_us(),
            allowed=filters.mask(snapshot.films) if filters else None,
        )  # fmt: skip
        return Personal(picks, "live")
