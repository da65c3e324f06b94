"""The routes to look through what is elsewhere too: TMDB's films and Spotify's music, where the API has their keys."""

from __future__ import annotations

from typing import Literal

from playbill_client.calls import Call, given
from playbill_client.shapes import DiscoveryPage, MovieMusic, MusicAnswer


def discover(
    *,
    genre: str | None = None,
    limit: int = 20,
    page: int = 1,
    language: str | None = None,
    region: str | None = None,
) -> Call[DiscoveryPage]:
    """Return what is trending on TMDB, or popular in a region (``"US"``); without TMDB, the release's popular films."""
    query = given(genre=genre, limit=limit, page=page, language=language, region=region)
    return Call(DiscoveryPage, "/discovery/movies/popular", query=query)


def search_everywhere(
    words: str, *, limit: int = 20, page: int = 1, language: str | None = None, region: str | None = None
) -> Call[DiscoveryPage]:
    """Find films of all that TMDB knows; without TMDB, those of the release."""
    query = given(query=words, limit=limit, page=page, language=language, region=region)
    return Call(DiscoveryPage, "/discovery/movies/search", query=query)


def new_music(*, limit: int = 20, page: int = 1, region: str | None = None) -> Call[MusicAnswer]:
    """Return albums that came out lately; a 503 without Spotify's keys, ``stale`` while Spotify does not answer."""
    return Call(MusicAnswer, "/discovery/music/popular", query=given(limit=limit, page=page, region=region))


def search_music(
    words: str,
    *,
    kind: Literal["track", "album"] = "track",
    limit: int = 20,
    page: int = 1,
    region: str | None = None,
) -> Call[MusicAnswer]:
    """Find tracks or albums."""
    query = {**given(query=words, limit=limit, page=page, region=region), "type": kind}
    return Call(MusicAnswer, "/discovery/music/search", query=query)


def soundtrack(movie_id: int, *, region: str | None = None) -> Call[MovieMusic]:
    """Return albums that say that they are the film's music, and the tracks of the first."""
    return Call(MovieMusic, "/movies/{movie_id}/music", {"movie_id": str(movie_id)}, given(region=region))
