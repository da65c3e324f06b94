"""TMDB v3: one polite client for films, look-ups by IMDb id, lists, changes and searches.

https://developer.themoviedb.org/reference. Every request goes through one token bucket, is retried when the server
stumbles, and waits while a circuit breaker is open. What is wrong with one film comes back as an `Answer`; only a
refused key and a TMDB that is down are errors.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any

import httpx

from pipelines.settings import TmdbSettings
from pipelines.sources.http import RETRIED_STATUS, asked_wait, make_async_client
from pipelines.sources.tmdb.key import KeyedTransport, TmdbKey
from pipelines.sources.tmdb.pace import Breaker, Clock, Pace, Sleep
from warehouse.errors import ConfigError, SourceUnavailableError

Body = dict[str, Any]
Query = Mapping[str, str | int]

PAGE_FILMS = 20
LAST_PAGE = 500
"""TMDB refuses pages past it."""
ABSENT_CODES = (6, 34)
"""TMDB's own codes for a film that is not there (https://developer.themoviedb.org/docs/errors)."""
TOO_MANY = 429
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 20.0


@dataclass(frozen=True)
class Answer:
    """What TMDB said.

    Attributes
    ----------
    body : dict or None
        The JSON object of a success.
    absent : bool
        Whether TMDB said that there is no such film; neither this nor a body means that asking failed.
    reason : str
        Why there is no body.
    """

    body: Body | None = None
    absent: bool = False
    reason: str = ""


@dataclass(frozen=True)
class _Retry:
    """A failed try: why, how long the server asked to wait, and whether it is the pace that it minds."""

    reason: str
    wait_seconds: float | None = None
    too_fast: bool = False


class TmdbClient:
    """Use as ``async with TmdbClient(settings.tmdb, key) as client``.

    Parameters
    ----------
    transport : httpx.AsyncBaseTransport, optional
        What sends the requests; tests pass their own.
    clock, sleep : callables, optional
        Time, for tests.

    Attributes
    ----------
    requests : int
        Requests made so far, failed ones included.
    """

    def __init__(
        self,
        settings: TmdbSettings,
        key: TmdbKey,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        limits = httpx.Limits(max_connections=settings.in_flight, max_keepalive_connections=settings.in_flight)
        inner = transport or httpx.AsyncHTTPTransport(limits=limits)
        self._http = make_async_client(
            settings.base_url, settings.timeout_seconds, KeyedTransport(inner, key), {"Accept": "application/json"}
        )
        self._settings, self._key, self._sleep = settings, key, sleep
        self._slots = asyncio.Semaphore(settings.in_flight)
        self._pace = Pace(settings.rate, settings.burst, clock=clock, sleep=sleep)
        self._breaker = Breaker(self._is_back, settings.patience_seconds, sleep=sleep)
        self.requests = 0

    async def __aenter__(self) -> TmdbClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def check(self) -> None:
        """Make sure that TMDB answers and takes the key.

        Raises
        ------
        ConfigError
            If the key is refused.
        SourceUnavailableError
            If TMDB does not answer.
        """
        await self._must("/configuration", {})

    async def movie(self, movie_id: int) -> Answer:
        """Ask for one film with its keywords and credits, in one request."""
        return await self._get(f"/movie/{movie_id}", {"append_to_response": "keywords,credits"})

    async def find(self, imdb_id: str) -> Answer:
        """Ask which film has an IMDb id; the body's ``movie_results`` is empty when none has."""
        return await self._get(f"/find/{imdb_id}", {"external_source": "imdb_id"})

    async def popular(self, n: int) -> list[int]:
        """Return the ids of the n most popular films, the most popular first; fewer when TMDB has fewer.

        Raises
        ------
        SourceUnavailableError
            If a page of the list cannot be had.
        """
        found: dict[int, None] = {}
        for page in range(1, LAST_PAGE + 1):
            if len(found) >= n:
                break
            body = await self._must("/movie/popular", {"page": page})
            ids = film_ids(body)
            found.update(dict.fromkeys(ids))
            if not ids or page >= _pages(body):
                break
        return list(found)[:n]

    async def changes(self, first: date, last: date) -> set[int]:
        """Return the ids of films changed between two days, at most 14 days apart.

        A span of more than 500 pages is halved; the halves share a day, as TMDB does not say whether the last
        one counts.

        Raises
        ------
        SourceUnavailableError
            If a page cannot be had.
        """
        days: Query = {"start_date": first.isoformat(), "end_date": last.isoformat()}
        body = await self._must("/movie/changes", {**days, "page": 1})
        pages = _pages(body)
        if pages > LAST_PAGE and (last - first).days > 1:
            middle = first + (last - first) // 2
            return await self.changes(first, middle) | await self.changes(middle, last)
        found = set(film_ids(body))
        for page in range(2, min(pages, LAST_PAGE) + 1):
            found.update(film_ids(await self._must("/movie/changes", {**days, "page": page})))
        return found

    async def search(self, query: str, year: int | None) -> list[Body]:
        """Return the first page of films with such a title, TMDB's best match first.

        Raises
        ------
        SourceUnavailableError
            If TMDB does not answer.
        """
        years: Query = {} if year is None else {"year": year}
        body = await self._must("/search/movie", {"query": query, **years})
        return [row for row in _results(body) if isinstance(row, dict)]

    async def _must(self, path: str, query: Query) -> Body:
        answer = await self._get(path, query)
        if answer.body is None:
            raise SourceUnavailableError(f"TMDB does not answer {path} ({answer.reason})")
        return answer.body

    async def _get(self, path: str, query: Query) -> Answer:
        """Ask until there is an answer, at most ``attempts`` times, waiting longer each time."""
        reason = ""
        for attempt in range(1, self._settings.attempts + 1):
            said = await self._try_in_turn(path, query)
            if isinstance(said, Answer):
                self._breaker.succeeded()
                return said
            reason = said.reason
            self._breaker.failed(reason)
            await self._wait(said, attempt)
        return Answer(reason=f"{reason}, {self._settings.attempts} times")

    async def _wait(self, said: _Retry, attempt: int) -> None:
        """Wait before the next try, as long as the server asked or twice as long as before."""
        backoff = min(FIRST_BACKOFF_SECONDS * 2 ** (attempt - 1), LONGEST_BACKOFF_SECONDS)
        wait = said.wait_seconds
        if wait is None:
            wait = backoff * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        if wait > max(self._settings.patience_seconds, LONGEST_BACKOFF_SECONDS):
            raise SourceUnavailableError(f"TMDB asks to wait {wait:.0f} seconds ({said.reason})")
        if said.too_fast:
            self._pace.hold(wait)
        elif attempt < self._settings.attempts:
            await self._sleep(wait)

    async def _is_back(self) -> bool:
        return isinstance(await self._try("/configuration", {}), Answer)

    async def _try_in_turn(self, path: str, query: Query) -> Answer | _Retry:
        while True:
            await self._breaker.admit()
            async with self._slots:
                if not self._breaker.is_open:  # it may have opened while this one waited for a slot
                    return await self._try(path, query)

    async def _try(self, path: str, query: Query) -> Answer | _Retry:
        await self._pace.take()
        self.requests += 1
        try:
            response = await self._http.get(path, params=query)
        except httpx.TimeoutException as error:
            return _Retry(f"no answer in {self._settings.timeout_seconds:g} s ({type(error).__name__})")
        except httpx.HTTPError as error:
            return _Retry(self._key.hide_in(str(error)) or type(error).__name__)
        return self._judge(response)

    def _judge(self, response: httpx.Response) -> Answer | _Retry:
        """Tell what a response means: an answer, or a reason to ask again.

        Raises
        ------
        ConfigError
            If the key is refused.
        """
        status, body = response.status_code, _json(response)
        code = body.get("status_code") if body else None
        said = self._key.hide_in(str(body.get("status_message") or ""))[:200] if body else ""
        reason = f"{status} {said or response.reason_phrase}".strip()
        if body is not None and status in (401, 403):
            raise ConfigError(f"TMDB refuses the key in {self._key.name} ({reason}); copy it again from your account")
        if body is not None and response.is_success and body.get("success") is not False:
            return Answer(body)
        if body is not None and code in ABSENT_CODES:
            return Answer(absent=True, reason=reason)
        if response.is_success or response.is_server_error or status in RETRIED_STATUS:
            unusual = "" if body is not None else ", not JSON"
            return _Retry(f"{reason}{unusual}", asked_wait(response), too_fast=status == TOO_MANY)
        return Answer(reason=reason)


def film_ids(body: Body) -> list[int]:
    """Return the ids of a list's films; what is no id is passed over."""
    ids = [row.get("id") for row in _results(body) if isinstance(row, dict)]
    return [i for i in ids if isinstance(i, int) and not isinstance(i, bool) and 0 < i < 2**31]


def _results(body: Body) -> list[Any]:
    results = body.get("results")
    return results if isinstance(results, list) else []


def _pages(body: Body) -> int:
    pages = body.get("total_pages")
    return pages if isinstance(pages, int) else 1


def _json(response: httpx.Response) -> Body | None:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
