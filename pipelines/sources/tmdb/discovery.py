"""TMDB's lists of films for people to look through: what is trending or popular, and what a title finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.settings import Settings
from pipelines.sources.http import Transport
from pipelines.sources.tmdb.answers import Body, results
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.fields import Problem, day, number, text, whole
from pipelines.sources.tmdb.key import find_key
from pipelines.sources.tmdb.records import INT_MAX, LONGEST_NAME

PAGE_FILMS = 20
GENRES = {
    12: "Adventure", 14: "Fantasy", 16: "Animation", 18: "Drama", 27: "Horror", 28: "Action", 35: "Comedy",
    36: "History", 37: "Western", 53: "Thriller", 80: "Crime", 99: "Documentary", 878: "Science Fiction",
    9648: "Mystery", 10402: "Music", 10749: "Romance", 10751: "Family", 10752: "War", 10770: "TV Movie",
}  # fmt: skip
"""https://developer.themoviedb.org/reference/genre-movie-list"""
LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class ListedFilm:
    """A film as a list of TMDB's has it."""

    movie_id: int
    title: str
    release_date: date | None
    genres: list[str]
    overview: str | None
    poster_path: str | None
    backdrop_path: str | None
    vote_average: float | None


@dataclass(frozen=True)
class FilmList:
    """One of TMDB's pages of twenty, and how many films there are in all."""

    films: list[ListedFilm]
    total: int


class Discovery:
    """Asks TMDB for pages of lists at a pace of its own, beside that of a run. Keep it and close it."""

    def __init__(self, client: TmdbClient) -> None:
        self._client = client

    @classmethod
    def of(cls, settings: Settings, transport: Transport | None = None) -> Discovery | None:
        """Return it where a key is set, one of ``serving.workers`` that share the rate."""
        key = find_key(settings)
        if key is None:
            return None
        tmdb = settings.tmdb
        brief = tmdb.model_copy(update={
            "rate": tmdb.discovery_rate / settings.serving.workers, "attempts": 2, "burst": 2,
            "timeout_seconds": tmdb.discovery_seconds, "patience_seconds": tmdb.discovery_seconds,
        })  # fmt: skip
        return cls(TmdbClient(brief, key, settings.limits, first_wait_seconds=0.05, transport=transport))

    async def popular(self, page: int, language: str | None, region: str | None) -> FilmList:
        """Return what is trending this week, or, in a region, what is popular there.

        Raises
        ------
        ConfigError, SourceError
            If TMDB refuses the key, or does not answer.
        """
        path = "/trending/movie/week" if region is None else "/movie/popular"
        return _list(await self._client.page(path, _query(page, language, region)))

    async def search(self, words: str, page: int, language: str | None, region: str | None) -> FilmList:
        """Return the films whose title fits, TMDB's best first; raises as `popular`."""
        return _list(await self._client.page("/search/movie", {"query": words, **_query(page, language, region)}))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _query(page: int, language: str | None, region: str | None) -> dict[str, str | int]:
    given = {"language": language, "region": region}
    return {"page": page, **{name: value for name, value in given.items() if value is not None}}


def _list(body: Body) -> FilmList:
    films = [film for row in results(body) if isinstance(row, dict) and (film := _film(row)) is not None]
    total = body.get("total_results")
    return FilmList(films, total if isinstance(total, int) and total >= 0 else len(films))


def _film(row: dict[str, Any]) -> ListedFilm | None:
    aside: list[Problem] = []  # nothing of it is kept, so neither are its oddities
    movie_id = whole(row.get("id"), "id", aside, low=1, high=INT_MAX)
    title = text(row.get("title"), "title", aside, longest=LONGEST_NAME)
    if movie_id is None or not title:
        return None
    ids = row.get("genre_ids")
    vote = number(row.get("vote_average"), "vote_average", aside, low=0, high=10)
    names = [GENRES[each] for each in ids if isinstance(each, int) and each in GENRES] if isinstance(ids, list) else []
    return ListedFilm(
        movie_id=movie_id,
        title=title,
        release_date=day(row.get("release_date"), "release_date", aside),
        genres=names,
        overview=text(row.get("overview"), "overview", aside, longest=LONGEST_TEXT),
        poster_path=text(row.get("poster_path"), "poster_path", aside, longest=LONGEST_NAME),
        backdrop_path=text(row.get("backdrop_path"), "backdrop_path", aside, longest=LONGEST_NAME),
        vote_average=None if vote is None else round(vote, 3),
    )
