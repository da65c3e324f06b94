"""TMDB's search by title, for film lists that come without ids."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Protocol, TypedDict

from pipelines.settings import Settings
from pipelines.sources.http import Transport
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.fields import Problem, day, number, text, whole
from pipelines.sources.tmdb.key import HOW_TO_GET_ONE, find_key
from pipelines.sources.tmdb.records import FLOAT_MAX, INT_MAX, LONGEST_NAME
from warehouse.errors import ConfigError


class FoundFilm(TypedDict):
    """One film that a search found."""

    movie_id: int
    title: str | None
    original_title: str | None
    year: int | None
    release_date: date | None
    popularity: float | None
    vote_count: int | None


class SearchMovie(Protocol):
    """What `searching` gives: call it with a title and, if known, a year."""

    def __call__(self, query: str, year: int | None = None) -> list[FoundFilm]:
        """Return TMDB's matches, the best first; none is an empty list."""


@contextmanager
def searching(settings: Settings, *, transport: Transport | None = None) -> Iterator[SearchMovie]:
    """Give a function ``search_movie(query, year)`` that keeps TMDB's pace over the whole block.

    Raises
    ------
    ConfigError
        If no key is set, or TMDB refuses it.
    SourceUnavailableError
        From the function, if TMDB does not answer.
    """
    key = find_key(settings)
    if key is None:
        raise ConfigError(f"a search by title needs TMDB's key; {HOW_TO_GET_ONE}")
    with asyncio.Runner() as runner:
        client = TmdbClient(settings.tmdb, key, settings.limits, transport=transport)

        def search_movie(query: str, year: int | None = None) -> list[FoundFilm]:
            rows = runner.run(client.search(query, year))
            return [film for row in rows if (film := _film(row)) is not None]

        try:
            yield search_movie
        finally:
            runner.run(client.aclose())


def search_movie(
    query: str, year: int | None = None, *, settings: Settings, transport: Transport | None = None
) -> list[FoundFilm]:
    """Search for one title; use `searching` for many.

    Parameters
    ----------
    query : str
        A title, in any language.
    year : int, optional
        The year of its release; TMDB then leaves out films of other years.
    """
    with searching(settings, transport=transport) as search:
        return search(query, year)


def _film(row: dict[str, Any]) -> FoundFilm | None:
    aside: list[Problem] = []  # a search result is not kept, so neither are its oddities
    movie_id = whole(row.get("id"), "id", aside, low=1, high=INT_MAX)
    if movie_id is None:
        return None
    released = day(row.get("release_date"), "release_date", aside)
    return FoundFilm(
        movie_id=movie_id,
        title=text(row.get("title"), "title", aside, longest=LONGEST_NAME),
        original_title=text(row.get("original_title"), "original_title", aside, longest=LONGEST_NAME),
        year=released.year if released else None,
        release_date=released,
        popularity=number(row.get("popularity"), "popularity", aside, low=0, high=FLOAT_MAX),
        vote_count=whole(row.get("vote_count"), "vote_count", aside, low=0, high=INT_MAX),
    )
