"""Music, as Spotify has it.

Written by `serving/http/client_shapes.py` from `serving/http/schemas`; change those and write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicItem:
    """An album or a track."""

    kind: Literal["album", "track"]
    id: str  # Spotify's id.
    name: str
    artists: list[str]
    album: str | None  # The album of a track.
    release_date: str | None  # A year, a month or a day.
    image_url: str | None
    duration_ms: int | None
    preview_url: str | None
    url: str | None  # Where it can be heard.


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicAnswer:
    """A page of music."""

    source: Literal["spotify"]
    stale: bool  # Whether Spotify does not answer just now: it is an older answer, or none.
    page: int
    total_results: int
    results: list[MusicItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieMusic:
    """A film's music."""

    movie_id: int  # TMDB id.
    title: str
    stale: bool  # Whether Spotify does not answer just now: it is an older answer, or none.
    albums: list[MusicItem]
    tracks: list[MusicItem]  # Of the first album.
