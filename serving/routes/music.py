"""Music by Spotify, where its keys are set: what is new, what a search finds, and a film's soundtrack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from pipelines.films.titles import plain
from pipelines.sources.spotify.client import SpotifyClient
from pipelines.sources.spotify.items import Music, MusicPage
from serving.context import Context, context_of
from serving.http.errors import Problem
from serving.http.parameters import MovieId, Page, Region
from serving.http.render import plain_json
from serving.http.replies import json_reply
from serving.http.schemas import MovieMusic, MusicAnswer
from serving.http.strict import StrictRoute
from serving.outside import Heard
from serving.routes.discovery import BRIEFLY
from serving.routes.documented import answers

router = APIRouter(tags=["discovery"], route_class=StrictRoute)
HOW_TO = "there is no music here: set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET (https://developer.spotify.com)"
MusicLimit = Annotated[int, Query(ge=1, le=50, description="How many albums or tracks.", examples=[10])]
Typed = Annotated[str | None, Query(min_length=1, max_length=200, description="What to look for.", examples=["alien"])]
Kind = Annotated[Literal["track", "album"], Query(alias="type", description="Tracks or albums.")]
SOUNDTRACK = ("soundtrack", "score", "music from", "songs from")
BEGINNINGS = {"original", "soundtrack", "score", "ost", "motion", "music", "songs", "the", "deluxe", "complete"}
"""Words after a film's title that make it no other title."""
LOOKED_AT, TRACKS = 10, 50


@router.get("/discovery/music/popular", response_model=MusicAnswer, responses=answers(414, 422, 431, 503),
            summary="New albums")  # fmt: skip
async def popular(request: Request, limit: MusicLimit = 20, page: Page = 1, region: Region = None) -> Response:
    """Return albums that came out lately; `stale`, maybe empty, while Spotify does not answer; 503 without its keys."""
    offset = (page - 1) * limit
    heard = await _ask(request, ("new", limit, offset, region), lambda client: client.new_albums(limit, offset, region))
    return _answer(heard, page)


@router.get("/discovery/music/search", response_model=MusicAnswer, responses=answers(414, 422, 431, 503),
            summary="Music by name")  # fmt: skip
async def search(
    request: Request, query: Typed = None, q: Typed = None, kind: Kind = "track", limit: MusicLimit = 20,
    page: Page = 1, region: Region = None,
) -> Response:  # fmt: skip
    """Return tracks or albums that fit the words; `query` and `q` are one thing. 503 without Spotify's keys."""
    words = query or q
    if words is None:
        raise Problem(422, "query.query: what to search for is missing")
    offset = (page - 1) * limit
    heard = await _ask(
        request, ("search", words.strip().lower(), kind, limit, offset, region),
        lambda client: client.search(words, kind, limit, offset, region),
    )  # fmt: skip
    return _answer(heard, page)


@router.get("/movies/{movie_id}/music", response_model=MovieMusic, responses=answers(404, 422, 431, 503),
            summary="A film's soundtrack")  # fmt: skip
async def soundtrack(request: Request, movie_id: MovieId, region: Region = None) -> Response:
    """Return albums that say that they are the film's music, and the tracks of the first; 503 without keys."""
    snapshot = context_of(request).snapshot()
    place = int(snapshot.films.places([movie_id])[0])
    if place < 0:
        raise Problem(404, f"no film with a title has the TMDB id {movie_id}")
    title = snapshot.films.named(place)[1]

    async def ask(client: SpotifyClient) -> tuple[list[Music], list[Music]]:
        found = await client.search(f"{title} soundtrack", "album", LOOKED_AT, 0, region)
        albums = [album for album in found["items"] if _is_of(album, title)]
        tracks = (await client.tracks(albums[0]["id"], TRACKS))["items"] if albums else []
        return albums, [{**track, "kind": "track", "album": albums[0]["name"]} for track in tracks]

    heard = await _ask(request, ("film", movie_id, region), ask)
    albums, tracks = ([], []) if heard is None else heard.value
    return json_reply(plain_json({
        "movie_id": movie_id, "title": title, "stale": heard is None or heard.stale, "albums": albums, "tracks": tracks,
    }), BRIEFLY)  # fmt: skip


async def _ask(request: Request, key: Hashable, ask: Callable[[SpotifyClient], Awaitable[Any]]) -> Heard | None:
    context: Context = context_of(request)
    client = context.music
    if client is None:
        raise Problem(503, HOW_TO)
    return await context.music_answers.get(key, lambda: ask(client))


def _answer(heard: Heard | None, page: int) -> Response:
    found: MusicPage = MusicPage(items=[], total=0) if heard is None else heard.value
    return json_reply(plain_json({
        "source": "spotify", "stale": heard is None or heard.stale, "page": page, "total_results": found["total"],
        "results": found["items"],
    }), BRIEFLY)  # fmt: skip


def _is_of(album: Music, title: str) -> bool:
    """Tell whether an album says that it is this film's music, not that of another whose title begins so."""
    name, film = plain(album["name"]), plain(title)
    after = name.removeprefix(film).split()
    begins = name.startswith(f"{film} ") and after[0] in BEGINNINGS
    return (begins or name.endswith(f" from {film}")) and any(word in name for word in SOUNDTRACK)
