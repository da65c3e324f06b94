"""One person's ratings, read from Supabase's Data API at this moment, within a deadline.

The bulk ingest reads the whole table at night; this reads one user's rows while they wait. PostgREST cuts every answer
at the project's row limit without saying so, so pages go on by film id until an answer is empty or says, by its
Content-Range, that nothing is left.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from pipelines.settings import SupabaseSettings
from warehouse.errors import SourceFormatError, SourceUnavailableError

log = logging.getLogger(__name__)

PAGE_ROWS = 1000
MAX_PAGES = 200
RETRY_SECONDS = 0.02
RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
UNDEFINED_COLUMN = "42703"
MAX_MOVIE_ID = 2_147_483_647


@dataclass(frozen=True)
class LiveRating:
    """One rating: TMDB id, 0.5-5.0 stars, seconds since 1970-01-01 UTC (0 where the table keeps no time)."""

    movie_id: int
    rating: float
    rated_seconds: int


def key_headers(key: str) -> dict[str, str]:
    """Return the headers a key goes in: a new secret key in ``apikey`` alone, an older JWT also as a bearer token."""
    return {"apikey": key} if key.startswith("sb_") else {"apikey": key, "Authorization": f"Bearer {key}"}


class LiveRatings:
    """Reads one user's rows; open it once and share it, it keeps its connections."""

    def __init__(
        self, url: str, key: str, names: SupabaseSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._table, self._names = names.table, names.columns
        # as the nightly read: when a row last changed, else when it was made
        self._times = [name for name in (names.columns.updated_at, names.columns.created_at) if name]
        headers = {**key_headers(key), "Prefer": "count=exact", "Accept-Profile": names.db_schema}
        self._client = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/rest/v1/", headers=headers, transport=transport, timeout=5.0
        )

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
        await self._client.aclose()

    async def _pages(self, user_id: str) -> list[LiveRating]:
        found: list[LiveRating] = []
        after: int | None = None
        for _ in range(MAX_PAGES):
            response = await self._answer(user_id, after)
            rows = _rows(response)
            if rows:
                after = _last_film(rows, self._names.movie_id)
            found += [rating for row in rows if (rating := self._rating(row)) is not None]
            if not rows or _left(response) == len(rows):
                return found
        raise SourceFormatError(f"Supabase gave more than {MAX_PAGES} pages of one user's ratings")

    async def _answer(self, user_id: str, after: int | None) -> httpx.Response:
        """Return one page's answer, asking again after a failure that may pass; the caller's deadline ends it."""
        wait = RETRY_SECONDS
        while True:
            try:
                response = await self._client.get(self._table, params=self._query(user_id, after))
            except httpx.TransportError:
                response = None
            if response is not None and response.status_code not in RETRIED_STATUS:
                if response.is_success:
                    return response
                self._adapt_or_raise(response)
                continue
            await asyncio.sleep(wait)
            wait *= 2

    def _adapt_or_raise(self, response: httpx.Response) -> None:
        """Go on without a time column that the table has not; anything else will not pass by itself."""
        code = _code(response)
        missing = next((name for name in self._times if name in response.text), None)
        if code == UNDEFINED_COLUMN and missing is not None:
            log.warning("supabase table has no such time column column=%s", missing)
            self._times.remove(missing)
            return
        raise SourceUnavailableError(
            f"Supabase refused to give ratings: status {response.status_code}, code {code or 'none'}; run "
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
        """Return a usable rating; a row without one (no film, no stars, out of range) is no rating."""
        try:
            movie_id, stars = int(row[self._names.movie_id]), float(row[self._names.rating])
        except (KeyError, TypeError, ValueError):
            return None
        if not 0.5 <= stars <= 5.0 or not 0 <= movie_id <= MAX_MOVIE_ID:
            return None
        moment = next((row[name] for name in self._times if row.get(name)), None)
        return LiveRating(movie_id, stars, _utc_seconds(moment))


def _utc_seconds(moment: Any) -> int:
    """Return seconds since 1970-01-01 UTC; a time without a zone is UTC, none or an unreadable one is 0."""
    try:
        time = datetime.fromisoformat(moment)
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (TypeError, ValueError, OverflowError):
        return 0


def _rows(response: httpx.Response) -> list[dict[str, Any]]:
    try:
        rows = response.json()
    except ValueError as error:
        raise SourceFormatError("Supabase answered something that is not JSON") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceFormatError("Supabase answered something that is not a list of rows")
    return rows


def _last_film(rows: list[dict[str, Any]], column: str) -> int:
    try:
        return int(rows[-1][column])
    except (KeyError, TypeError, ValueError) as error:
        raise SourceFormatError(f"Supabase's rows have no usable {column}") from error


def _left(response: httpx.Response) -> int | None:
    """Return how many rows matched this request, of which this answer is the first part; None if it does not say."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isdigit() else None


def _code(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("code") or "") if isinstance(body, dict) else ""
