"""Asking TMDB for the films that are due: many at a time, each answer on disk within seconds."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.films.enrichment import Ages
from pipelines.progress import step
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.records import FIELDS, found_film, read_record
from warehouse.enrichment import EnrichmentLedger, KnownFilm

log = logging.getLogger(__name__)

WORKERS_A_SLOT = 2
"""So that films which wait for another try leave no slot empty."""


@dataclass
class Tally:
    """What came of the films that were asked, by status, and the values that were not as documented."""

    statuses: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    aside: list[dict[str, Any]] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """Films that there is an answer of."""
        return self.statuses.total()


class Asking:
    """One run's questions.

    Parameters
    ----------
    imdb_ids : dict of int to str
        IMDb ids of films, for those that TMDB has given another id.
    known : dict of int to KnownFilm
        The ledger before this run.
    now : datetime
        The start of the run: the time that its rows carry.
    """

    def __init__(
        self,
        client: TmdbClient,
        ledger: EnrichmentLedger,
        *,
        run_id: str,
        now: datetime,
        ages: Ages,
        known: dict[int, KnownFilm],
        imdb_ids: dict[int, str],
    ) -> None:
        self._client, self._ledger = client, ledger
        self._run_id, self._now, self._ages = run_id, now, ages
        self._known, self._imdb_ids = known, imdb_ids
        self._claimed = {i for i, film in known.items() if not ages.is_due(film, now)}
        self._rows: list[dict[str, Any]] = []
        self.tally = Tally()

    async def run(self, due: list[int], *, in_flight: int, flush_seconds: float) -> None:
        """Ask for the films in order; whatever ends this, the answers so far are on disk.

        Raises
        ------
        ConfigError
            If the key is refused.
        SourceUnavailableError
            If TMDB is down.
        """
        self._claimed.update(due)
        queue, done = iter(due), asyncio.Event()
        workers = [asyncio.create_task(self._work(queue, len(due))) for _ in range(in_flight * WORKERS_A_SLOT)]
        writer = asyncio.create_task(self._write_often(done, flush_seconds))
        work = asyncio.gather(*workers)
        try:
            await asyncio.wait((work, writer), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(work, *workers, return_exceptions=True)
            done.set()
            await writer

    async def _write_often(self, done: asyncio.Event, flush_seconds: float) -> None:
        while True:
            last = done.is_set()  # asked before the rows are taken: some may come while the others are written
            rows, self._rows = self._rows, []
            await asyncio.to_thread(self._ledger.append, rows)
            if last:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), flush_seconds)

    async def _work(self, queue: Iterator[int], total: int) -> None:
        for movie_id in queue:
            self.tally.statuses[await self._ask(movie_id)] += 1
            step("enrich", self.tally.asked, total)

    async def _ask(self, movie_id: int) -> str:
        """Ask for one film, note what came of it, and return its status."""
        answer = await self._client.movie(movie_id)
        if answer.body is not None:
            return self._take(movie_id, answer.body)
        if not answer.absent:
            return self._note_failure(movie_id, answer.reason)
        imdb_id = self._imdb_ids.get(movie_id)
        if imdb_id is None:
            return self._note(movie_id, "missing", reason=answer.reason)
        found = await self._client.find(imdb_id)
        if found.body is None and not found.absent:
            return self._note_failure(movie_id, f"look-up of {imdb_id}: {found.reason}")
        target = found_film(found.body)
        if target is None or target == movie_id:
            return self._note(movie_id, "missing", reason=answer.reason)
        if target not in self._claimed:
            self._claimed.add(target)
            await self._ask(target)
        return self._note(movie_id, "remapped", movie_id=target, fetched_at=self._now, reason=f"by {imdb_id}")

    def _take(self, movie_id: int, body: dict[str, Any]) -> str:
        parsed = read_record(body, movie_id)
        for problem in parsed.problems:
            outcome = "coerced" if problem.kept else "dropped"
            self.tally.problems[f"{problem.field}: {problem.reason} ({outcome})"] += 1
            about = {"movie_id": movie_id, "field": problem.field, "reason": problem.reason, "outcome": outcome}
            self.tally.aside.append({**about, "text": problem.text})
        if parsed.record is None:
            return self._note_failure(movie_id, f"unusable record: {parsed.problems[-1].reason}")
        notes = sorted({f"{problem.field}: {problem.reason}" for problem in parsed.problems})
        facts = {**parsed.record, "movie_id": movie_id, "fetched_at": self._now, "problems": notes}
        return self._note(movie_id, "found", **facts)

    def _note_failure(self, movie_id: int, reason: str) -> str:
        before = self._known.get(movie_id)
        attempts = 1 + (before.attempts if before else 0)
        log.info("enrich failed movie_id=%d attempts=%d reason=%r", movie_id, attempts, reason)
        return self._note(movie_id, "failed", reason=reason, attempts=attempts)

    def _note(self, asked_id: int, status: str, **values: Any) -> str:
        row = {
            **dict.fromkeys(("movie_id", "reason", "fetched_at", *FIELDS)),
            **{"recorded_at": self._now, "run_id": self._run_id, "asked_id": asked_id, "status": status},
            **{"attempts": 0, "problems": [], **values},
        }
        row["next_try"] = self._ages.next_try(status, self._now, row["attempts"])
        self._rows.append(row)
        return status
