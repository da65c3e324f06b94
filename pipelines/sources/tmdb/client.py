"""TMDB v3: films, look-ups by IMDb id, lists, changes and searches.

https://developer.themoviedb.org/reference. What is wrong with one film comes back as an `Answer`; only a refused key
and a TMDB that is down are errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import TracebackType
from typing import Self

from pipelines.settings_sections import LimitSettings, TmdbSettings
from pipelines.sources.http import GaveUpError, Policy, Service, Transport
from pipelines.sources.tmdb.answers import Answer, Body, Judging, film_ids, last_page, results
from pipelines.sources.tmdb.key import TmdbKey
from warehouse.errors import SourceFormatError, SourceUnavailableError

Query = Mapping[str, str | int]

LAST_PAGE = 500
"""TMDB refuses pages past it."""
DOWN_AFTER = 10
"""Failures in a row, of all films together, after which TMDB counts as down."""


class TmdbClient:
    """Use as ``async with TmdbClient(settings.tmdb, key) as client``.

    Parameters
    ----------
    limits : LimitSettings, optional
        How long and large an answer may be.
    first_wait_seconds : float
        How long to wait before the second try.
    transport : httpx.AsyncBaseTransport, optional
        What sends the requests; tests pass their own.
    """

    def __init__(
        self,
        settings: TmdbSettings,
        key: TmdbKey,
        limits: LimitSettings | None = None,
        *,
        first_wait_seconds: float = 0.5,
        transport: Transport | None = None,
    ) -> None:
        self._service = Service(
            "TMDB", settings.base_url, _policy(settings, limits or LimitSettings(), first_wait_seconds),
            secret=key.secret, headers={"Accept": "application/json"}, transport=transport,
        )  # fmt: skip
        self._judge = Judging(key.name)

    @property
    def requests(self) -> int:
        """Requests made so far, failed ones included."""
        return self._service.requests

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._service.aclose()

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
        listed: dict[int, None] = {}
        for page in range(1, LAST_PAGE + 1):
            if len(listed) >= n:
                break
            body = await self._must("/movie/popular", {"page": page})
            ids = film_ids(body)
            before = len(listed)
            listed.update(dict.fromkeys(ids))
            if len(listed) == before or page >= last_page(body):  # a page that only repeats is the end as well
                break
        return list(listed)[:n]

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
        pages = last_page(body)
        if pages > LAST_PAGE and (last - first).days > 1:
            middle = first + (last - first) // 2
            return await self.changes(first, middle) | await self.changes(middle, last)
        changed = set(film_ids(body))
        for page in range(2, min(pages, LAST_PAGE) + 1):
            ids = film_ids(await self._must("/movie/changes", {**days, "page": page}))
            if not ids:
                break
            changed.update(ids)
        return changed

    async def search(self, query: str, year: int | None) -> list[Body]:
        """Return the first page of films with such a title, TMDB's best match first.

        Raises
        ------
        SourceUnavailableError
            If TMDB does not answer.
        """
        years: Query = {} if year is None else {"year": year}
        body = await self._must("/search/movie", {"query": query, **years})
        return [row for row in results(body) if isinstance(row, dict)]

    async def page(self, path: str, query: Query) -> Body:
        """Return one page of a list, as TMDB gives it.

        Raises
        ------
        SourceUnavailableError
            If TMDB does not answer.
        """
        return await self._must(path, query)

    async def _must(self, path: str, query: Query) -> Body:
        answer = await self._get(path, query)
        if answer.body is None:
            raise SourceUnavailableError(f"TMDB does not answer {path} ({answer.reason})")
        return answer.body

    async def _get(self, path: str, query: Query) -> Answer:
        try:
            return await self._service.ask(path, self._judge, query)
        except (GaveUpError, SourceFormatError) as error:
            return Answer(reason=str(error))


def _policy(settings: TmdbSettings, limits: LimitSettings, first_wait_seconds: float) -> Policy:
    return Policy(
        timeout_seconds=settings.timeout_seconds,
        answer_seconds=limits.answer_seconds,
        answer_bytes=int(limits.answer_mb * 2**20),
        attempts=settings.attempts,
        first_wait_seconds=first_wait_seconds,
        patience_seconds=settings.patience_seconds,
        rate=settings.rate,
        burst=settings.burst,
        in_flight=settings.in_flight,
        breaks_after=DOWN_AFTER,
    )
