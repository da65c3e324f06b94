"""Settings of the music service."""

from __future__ import annotations

from pydantic import Field

from pipelines.settings_llm import Section


class SpotifySettings(Section):
    """How Spotify is asked about music; its keys have their own names, SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET."""

    base_url: str = Field(
        "https://api.spotify.com/v1", pattern=r"^https?://[^\s/]", description="Where Spotify's Web API begins."
    )
    token_url: str = Field(
        "https://accounts.spotify.com/api/token", pattern=r"^https?://[^\s/]", description="Where it gives tokens."
    )
    rate: float = Field(5.0, gt=0, le=100, description="Requests a second, all workers together.")
    seconds: float = Field(2.0, gt=0, le=30, description="Longest time that it may add to an answer.")
    kept_minutes: float = Field(30.0, gt=0, description="How long its answers are given again without asking.")
