"""Music, as Spotify has it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.http.schemas.base import Answer


class MusicItem(Answer):
    """An album or a track."""

    kind: Literal["album", "track"]
    id: str = Field(description="Spotify's id.")
    name: str
    artists: list[str]
    album: str | None = Field(description="The album of a track.")
    release_date: str | None = Field(description="A year, a month or a day.")
    image_url: str | None
    duration_ms: int | None
    preview_url: str | None
    url: str | None = Field(description="Where it can be heard.")


class MusicAnswer(Answer):
    """A page of music."""

    source: Literal["spotify"]
    stale: bool = Field(description="Whether Spotify does not answer just now: it is an older answer, or none.")
    page: int = Field(ge=1)
    total_results: int = Field(ge=0)
    results: list[MusicItem]


class MovieMusic(Answer):
    """A film's music."""

    movie_id: int = Field(description="TMDB id.")
    title: str
    stale: bool = Field(description="Whether Spotify does not answer just now: it is an older answer, or none.")
    albums: list[MusicItem]
    tracks: list[MusicItem] = Field(description="Of the first album.")
