"""Films to look through: what TMDB says is trending, or finds, where a key is set; else the release's own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from pipelines.sources.tmdb.discovery import PAGE_FILMS, Discovery, FilmList, ListedFilm
from serving.context import Context, context_of
from serving.http.errors import Problem
from serving.http.parameters import Language, Limit, Page, Region
from serving.http.render import film_items, plain_json
from serving.http.replies import PUBLIC, json_reply, unchanged
from serving.http.schemas import DiscoveryPage
from serving.http.strict import StrictRoute
from serving.lists.everybody import Picks
from serving.routes.documented import answers, not_modified
from serving.routes.movies import OneGenre, found_titles, popular_films
from serving.snapshot import Snapshot

router = APIRouter(tags=["discovery"], route_class=StrictRoute)
ANSWERS = {**not_modified(), **answers(414, 422, 431, 503)}
BRIEFLY = {"Cache-Control": "public, max-age=60"}
"""What TMDB says changes, and so does whether it says anything."""
LAST_PAGE = 500
Typed = Annotated[str | None, Query(min_length=1, max_length=200, description="Words of a title.", examples=["alien"])]
Ask = Callable[[Discovery, int], Awaitable[FilmList]]


@router.get("/discovery/movies/popular", response_model=DiscoveryPage, responses=ANSWERS, summary="Popular films now")
async def popular(
    request: Request, limit: Limit = PAGE_FILMS, page: Page = 1, language: Language = None, region: Region = None,
    genre: OneGenre = None,
) -> Response:  # fmt: skip
    """Return what is trending on TMDB this week, or popular in a region; without TMDB, the release's popular films.

    `source` says whose list it is. A genre is always the release's.
    """

    def ask(tmdb: Discovery, number: int) -> Awaitable[FilmList]:
        return tmdb.popular(number, language, region)

    async def own(snapshot: Snapshot, start: int) -> tuple[int, Picks]:
        films = popular_films(snapshot, genre)
        return len(films.places), films.at(list(range(start, min(start + limit, len(films.places)))))

    key = None if genre is not None else ("popular", language, region)
    return await _answer(request, limit, page, key, ask, own)


@router.get(
    "/discovery/movies/search", response_model=DiscoveryPage, responses=ANSWERS, summary="Films by title, of all"
)
async def search(
    request: Request, query: Typed = None, q: Typed = None, limit: Limit = PAGE_FILMS, page: Page = 1,
    language: Language = None, region: Region = None,
) -> Response:  # fmt: skip
    """Find films of all that TMDB knows; without TMDB, those of the release. `query` and `q` are one thing."""
    words = query or q
    if words is None:
        raise Problem(422, "query.query: what to search for is missing")

    def ask(tmdb: Discovery, number: int) -> Awaitable[FilmList]:
        return tmdb.search(words, number, language, region)

    async def own(snapshot: Snapshot, start: int) -> tuple[int, Picks]:
        return await asyncio.to_thread(found_titles, snapshot, words, limit=limit, offset=start)

    return await _answer(request, limit, page, ("search", words.strip().lower(), language, region), ask, own)


async def _answer(
    request: Request, limit: int, page: int, key: tuple[Any, ...] | None, ask: Ask,
    own: Callable[[Snapshot, int], Awaitable[tuple[int, Picks]]],
) -> Response:  # fmt: skip
    context = context_of(request)
    snapshot = context.snapshot()
    start = (page - 1) * limit
    asked = key is not None and context.discovery is not None
    films = await _from_tmdb(context, key, start, limit, ask) if asked and key is not None else None
    if films is not None:
        rows = [_row(snapshot, start + at + 1, film) for at, film in enumerate(films.films)]
        return json_reply(_page(snapshot, b"tmdb", page, limit, films.total, plain_json(rows)), BRIEFLY)
    if not asked and (same := unchanged(request, snapshot, PUBLIC)) is not None:
        return same
    total, picks = await own(snapshot, start)
    body = _page(snapshot, b"release", page, limit, total, film_items(snapshot.films, picks, first=start + 1))
    return json_reply(body, BRIEFLY if asked else {**PUBLIC, "ETag": snapshot.etag})


async def _from_tmdb(context: Context, key: tuple[Any, ...], start: int, limit: int, ask: Ask) -> FilmList | None:
    """Return the films at these places of TMDB's list, out of its pages of twenty; None if one is missing."""
    tmdb, outside = context.discovery, context.tmdb_answers
    assert tmdb is not None  # noqa: S101 - asked for only where it is there
    numbers = range(start // PAGE_FILMS + 1, min((start + limit - 1) // PAGE_FILMS + 1, LAST_PAGE) + 1)
    questions = [(number, partial(ask, tmdb, number)) for number in numbers]
    heard = await asyncio.gather(*(outside.get((*key, number), question) for number, question in questions))
    pages: list[FilmList] = [one.value for one in heard if one is not None]
    if len(pages) < len(numbers):
        return None
    films = [film for one in pages for film in one.films]
    first = start % PAGE_FILMS
    return FilmList(films[first : first + limit], pages[0].total if pages else 0)


def _row(snapshot: Snapshot, rank: int, film: ListedFilm) -> dict[str, Any]:
    place = int(snapshot.films.places([film.movie_id])[0])
    card = json.loads(b"{%b}" % snapshot.films.cards[place]) if place >= 0 else {}
    base = snapshot.poster_base_url
    return {
        "rank": rank, "movie_id": film.movie_id, "title": film.title,
        "year": film.release_date.year if film.release_date else None,
        "release_date": film.release_date.isoformat() if film.release_date else None,
        "genres": film.genres or card.get("genres") or [],
        "poster_path": film.poster_path, "poster_url": base + film.poster_path if film.poster_path else None,
        "backdrop_path": film.backdrop_path, "runtime": card.get("runtime"), "overview": film.overview,
        "vote_average": film.vote_average, "score": None, "recommendable": place >= 0,
    }  # fmt: skip


def _page(snapshot: Snapshot, source: bytes, page: int, limit: int, total: int, results: bytes) -> bytes:
    return b'{"release_id":"%b","source":"%b","page":%d,"total_pages":%d,"total_results":%d,"results":%b}' % (
        snapshot.release_id.encode(), source, page, -(-total // limit), total, results,
    )  # fmt: skip
