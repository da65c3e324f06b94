"""Whether somebody has rated since their list was made: looked up in Supabase, and remembered for a few seconds."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from pipelines.people.identity import UUID
from pipelines.sources.supabase.live import LiveRatings
from serving.lists.making import fingerprint_of, merge
from serving.snapshot import Snapshot
from warehouse.errors import SourceError

KEPT_SECONDS = 10.0
"""How long an answer, or the lack of one, is believed: a backend may ask for one list many times a second."""
MAX_PEOPLE = 20_000
REST_AFTER, REST_SECONDS = 3, 10.0
"""After so many failures in a row nobody waits for Supabase for so long."""


class Looks:
    """Looks whether stored lists are outdated; asks Supabase about one person once in ten seconds at most."""

    def __init__(
        self, ratings: LiveRatings | None, *, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ratings, self._seconds, self._clock = ratings, seconds, clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, bool | None]] = OrderedDict()
        self._failures, self._rests_until = 0, 0.0

    async def outdated(self, snapshot: Snapshot, user_id: str) -> bool | None:
        """Tell whether somebody's ratings differ from those that the release was made from.

        Returns
        -------
        bool or None
            None where that is not known: no Supabase is set up, it keeps no ratings of such an id, or does not answer.
        """
        if self._ratings is None or not UUID.match(user_id) or snapshot.forgot(user_id):
            return None
        key, now = (snapshot.release_id, user_id), self._clock()
        until, known = self._kept.get(key, (0.0, None))
        if now < until or now < self._rests_until:
            return known
        try:
            fresh = await self._ratings.read(user_id, seconds=self._seconds)
        except SourceError:
            self._failures += 1
            if self._failures >= REST_AFTER:
                self._failures, self._rests_until = 0, now + REST_SECONDS
            return self._keep(key, None)
        self._failures = 0
        stored = await asyncio.to_thread(snapshot.history_of, user_id)
        rows = merge(fresh, stored)
        return self._keep(key, bool(rows) if stored is None else fingerprint_of(rows) != stored.fingerprint)

    def _keep(self, key: tuple[str, str], value: bool | None) -> bool | None:
        self._kept[key] = (self._clock() + KEPT_SECONDS, value)
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_PEOPLE:
            self._kept.popitem(last=False)
        return value
