"""The catalogue: one film, films like it, what is popular, titles, genres."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from serving.context import context_of
from serving.http.errors import Problem
from serving.http.parameters import MovieId, Page, unknown_genre
from serving.http.render import film_items, plain_json
from serving.http.replies import PUBLIC, json_reply, reply, unchanged
from serving.http.schemas import FilmPage, Genres, MovieDetails, SimilarFilms
from serving.http.strict import StrictRoute
from serving.lists.everybody import Picks
from serving.routes.documented import answers, not_modified
from serving.snapshot import Snapshot
from serving.words.title_search import search_titles

router = APIRouter(tags=["films"], route_class=StrictRoute)
PAGE_FILMS = 20
MOST_SIMILAR = 200
"""More than a release stores for a film; all of them are read, so that a longer list begins as a shorter one."""
BEST_FIT = 4.0
"""The score of a title that is what was typed."""
NOTHING = Picks([], [], [])
ANSWERS = {**not_modified(), **answers(414, 422, 431, 503)}
OneGenre = Annotated[str | None, Query(min_length=1, max_length=40, description="One of /genres.", examples=["Drama"])]
Words = Annotated[str, Query(min_length=1, max_length=200, description="Words of a title.", examples=["alien"])]


@router.get("/movies/popular", response_model=FilmPage, responses=ANSWERS, summary="What many people like")
async def popular(request: Request, genre: OneGenre = None, page: Page = 1) -> Response:
    """Return popular films, 20 a page; of one genre, or, as ``genre=trending``, of late."""
    snapshot = context_of(request).snapshot()
    return reply(request, snapshot, PUBLIC, lambda: _popular(snapshot, genre, page))


def _popular(snapshot: Snapshot, genre: str | None, page: int) -> bytes:
    films = popular_films(snapshot, genre)
    start = (page - 1) * PAGE_FILMS
    shown = films.at(list(range(start, min(start + PAGE_FILMS, len(films.places)))))
    return _page(snapshot, shown, page, len(films.places))


def popular_films(snapshot: Snapshot, genre: str | None) -> Picks:
    """Return what many people like, of all films or of a genre, with the scores that callers see.

    Raises
    ------
    Problem
        422 for a genre that no film has.
    """
    films = _scope(snapshot, genre)
    return replace(films, scores=snapshot.chances.of_popular(films.places))


def found_titles(snapshot: Snapshot, typed: str, *, limit: int, offset: int) -> tuple[int, Picks]:
    """Return how many films a title finds and one page of them; scores say how well it fits, 0-1."""
    total, found = search_titles(snapshot, typed, limit=limit, offset=offset)
    return total, Picks([place for place, _ in found], [score / BEST_FIT for _, score in found], [])


def _scope(snapshot: Snapshot, genre: str | None) -> Picks:
    """Return the popular films of a genre by any of its names; a genre that people rated no film of has none."""
    if genre is None or genre.lower() == "trending":
        return snapshot.scopes.get((genre or "all").lower(), NOTHING)
    keys = snapshot.films.genre_keys(genre)
    if not keys:
        raise unknown_genre(snapshot.films, genre)
    scopes = {name.lower(): picks for name, picks in snapshot.scopes.items()}
    found = [scopes[name] for key in keys if (name := f"genre:{key}") in scopes]
    if len(found) < 2:
        return found[0] if found else NOTHING
    best = {place: score for picks in found for place, score in zip(picks.places, picks.scores, strict=True)}
    order = sorted(best, key=lambda place: (-best[place], place))
    return Picks(order, [best[place] for place in order], [found[0].sources[0]] * len(order))


@router.get("/movies/search", response_model=FilmPage, responses=ANSWERS, summary="Films by title")
async def search(request: Request, q: Words, page: Page = 1) -> Response:
    """Find films whose title holds the words, accents and case apart; the closest first, then the most rated.

    If none does: those that have all the words in any order, or are spelled nearly so, with scores under 1.
    """
    snapshot = context_of(request).snapshot()
    same = unchanged(request, snapshot, PUBLIC)
    if same is not None:
        return same
    start = (page - 1) * PAGE_FILMS
    total, picks = await asyncio.to_thread(found_titles, snapshot, q, limit=PAGE_FILMS, offset=start)
    return json_reply(_page(snapshot, picks, page, total), {**PUBLIC, "ETag": snapshot.etag})


def _page(snapshot: Snapshot, picks: Picks, page: int, total: int) -> bytes:
    return b'{"release_id":"%b","page":%d,"total_pages":%d,"total_results":%d,"results":%b}' % (
        snapshot.release_id.encode(), page, -(-total // PAGE_FILMS), total,
        film_items(snapshot.films, picks, first=(page - 1) * PAGE_FILMS + 1),
    )  # fmt: skip


@router.get("/genres", response_model=Genres, responses={**not_modified(), **answers(422, 503)}, summary="All genres")
async def genres(request: Request) -> Response:
    """Return the genres of the catalogue and how many films each has."""
    snapshot = context_of(request).snapshot()
    films = snapshot.films
    rows = [{"name": name, "films": int(films.genres[name.lower()].sum())} for name in films.genre_names]
    body = plain_json({"release_id": snapshot.release_id, "genres": rows})
    return reply(request, snapshot, PUBLIC, lambda: body)


@router.get(
    "/movies/{movie_id}",
    response_model=MovieDetails,
    responses={**not_modified(), **answers(404, 422, 503)},
    summary="A film",
)
async def movie(request: Request, movie_id: MovieId) -> Response:
    """Return all that is known of a film."""
    snapshot = context_of(request).snapshot()
    same = unchanged(request, snapshot, PUBLIC)
    if same is not None:
        return same
    details = await asyncio.to_thread(snapshot.reader.details_of, movie_id)
    if details is None:
        raise Problem(404, f"no film has the TMDB id {movie_id}")
    return json_reply(details, {**PUBLIC, "ETag": snapshot.etag})


@router.get(
    "/movies/{movie_id}/similar",
    response_model=SimilarFilms,
    responses={**not_modified(), **answers(404, 422, 503)},
    summary="Films like a film",
)
async def similar(
    request: Request, movie_id: MovieId, limit: Annotated[int, Query(ge=1, le=100, examples=[10])] = 10
) -> Response:
    """Return the films most like a film, as many as the release stores."""
    snapshot = context_of(request).snapshot()
    if snapshot.films.places([movie_id])[0] < 0:
        raise Problem(404, f"no film with a title has the TMDB id {movie_id}")
    same = unchanged(request, snapshot, PUBLIC)
    if same is not None:
        return same
    neighbours = await asyncio.to_thread(snapshot.reader.similar_to, movie_id, MOST_SIMILAR)
    places = snapshot.films.places([other for other, _ in neighbours])
    kept = places[places >= 0].tolist()
    picks = Picks(kept[:limit], snapshot.chances.of_films(kept)[:limit], [])
    body = b'{"movie_id":%d,"release_id":"%b","results":%b}' % (
        movie_id, snapshot.release_id.encode(), film_items(snapshot.films, picks, first=1),
    )  # fmt: skip
    return json_reply(body, {**PUBLIC, "ETag": snapshot.etag})
