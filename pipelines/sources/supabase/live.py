"""One person's ratings, read from Supabase's Data API at this moment, within a deadline.

The bulk ingest reads the whole table at night; this reads one user's rows while they wait. PostgREST cuts every answer
at the project's row limit without saying so, so pages go on by film id until an answer is empty or says, by its
Content-Range, that nothing is left.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

from pipelines.settings_sections import SupabaseSettings
from pipelines.sources.http import RETRIED_STATUS, Policy, Reply, Service, Transport, TryAgainError
from pipelines.sources.supabase.answers import MISSING_COLUMN, Page, Row, problem, read_rows, total_rows
from pipelines.sources.supabase.keys import secret_of
from pipelines.sources.supabase.rows import stars, whole
from pipelines.sources.times import parse_time
from warehouse.errors import PlaybillError, SourceFormatError, SourceUnavailableError

log = logging.getLogger(__name__)

PAGE_ROWS = 1000
MAX_PAGES = 200
POLICY = Policy(
    timeout_seconds=5.0,
    answer_seconds=5.0,
    answer_bytes=4 << 20,
    attempts=None,
    first_wait_seconds=0.02,
    longest_wait_seconds=1.0,
    in_flight=100,
)
"""The caller's deadline ends it; no page of one person's ratings has 4 MB."""


@dataclass(frozen=True)
class LiveRating:
    """One rating: TMDB id, 0.5-5.0 stars, seconds since 1970-01-01 UTC (0 where the table keeps no time)."""

    movie_id: int
    rating: float
    rated_seconds: int


class LiveRatings:
    """Reads one user's rows; open it once and share it, it keeps its connections."""

    def __init__(self, url: str, key: str, names: SupabaseSettings, *, transport: Transport | None = None) -> None:
        self._table, self._names = names.table, names.columns
        # as the nightly read: when a row last changed, else when it was made
        self._times = [name for name in (names.columns.updated_at, names.columns.created_at) if name]
        self._service = Service(
            "Supabase", f"{url.rstrip('/')}/rest/v1/", POLICY, secret=secret_of(key),
            headers={"Prefer": "count=exact", "Accept-Profile": names.db_schema}, transport=transport,
        )  # fmt: skip

    async def read(self, user_id: str, *, seconds: float) -> list[LiveRating]:
        """Return all ratings of one user, by film.

        Parameters
        ----------
        seconds : float
            Everything together, retries included, takes no longer.

        Raises
        ------
        SourceUnavailableError
            If Supabase is too slow, does not answer, or refuses the key or the table.
        SourceFormatError
            If its answer is not rows.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._pages(user_id)
        except TimeoutError as error:
            raise SourceUnavailableError(f"Supabase did not give the ratings within {seconds:g} s") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._service.aclose()

    async def _pages(self, user_id: str) -> list[LiveRating]:
        ratings: list[LiveRating] = []
        after: int | None = None
        for _ in range(MAX_PAGES):
            page = await self._page(user_id, after)
            if page.rows:
                after = _last_film(page.rows, self._names.movie_id, after)
            ratings += [rating for row in page.rows if (rating := self._rating(row)) is not None]
            if not page.rows or page.total == len(page.rows):
                return ratings
        raise SourceFormatError(f"Supabase gave more than {MAX_PAGES} pages of one user's ratings")

    async def _page(self, user_id: str, after: int | None) -> Page:
        while True:
            try:
                return await self._service.ask(self._table, self._judge, self._query(user_id, after))
            except _NoTimeError as error:
                log.warning("supabase table has no such time column column=%s", error.column)
                self._times.remove(error.column)

    def _judge(self, reply: Reply) -> Page:
        """Go on without a time column that the table has not; anything else will not pass by itself."""
        if reply.is_success:
            try:
                return Page(read_rows(reply), reply.date, total_rows(reply))
            except TryAgainError as error:
                raise SourceFormatError(f"Supabase: {error}") from None
        if reply.status in RETRIED_STATUS:
            raise TryAgainError.after(reply.status, reply.headers, reply.phrase)
        code, message = problem(reply)
        missing = next((name for name in self._times if name in message), None)
        if code in MISSING_COLUMN and missing is not None:
            raise _NoTimeError(missing)
        raise SourceUnavailableError(
            f"Supabase refused to give ratings: status {reply.status}, code {code or 'none'}; run "
            "`playbill ingest` to see what is wrong with the key, the table or its grants"
        )

    def _query(self, user_id: str, after: int | None) -> dict[str, str]:
        names = self._names
        query = {
            "select": ",".join([names.movie_id, names.rating, *self._times]),
            names.user_id: f"eq.{user_id}",
            "order": f"{names.movie_id}.asc",
            "limit": str(PAGE_ROWS),
        }
        if after is not None:
            query[names.movie_id] = f"gt.{after}"
        return query

    def _rating(self, row: dict[str, Any]) -> LiveRating | None:
        """Return a rating that the nightly read would take; any other row is no rating."""
        moment = next((row[name] for name in self._times if row.get(name)), None)
        try:
            seconds = min(parse_time(moment).timestamp(), time.time()) if moment else 0.0
            movie_id, rating = whole(row.get(self._names.movie_id)), stars(row.get(self._names.rating))
        except ValueError:
            return None
        return LiveRating(movie_id, rating, max(0, int(seconds)))


class _NoTimeError(PlaybillError):
    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def _last_film(rows: list[Row], column: str, before: int | None) -> int:
    try:
        last = int(rows[-1][column])
    except (KeyError, TypeError, ValueError) as error:
        raise SourceFormatError(f"Supabase's rows have no usable {column}") from error
    if before is not None and last <= before:
        raise SourceFormatError("Supabase: a page repeats the one before")
    return last
