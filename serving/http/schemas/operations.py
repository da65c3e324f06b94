"""How the API is, and what it took."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from serving.http.schemas.base import Answer


class Taken(Answer):
    """How many events were written down."""

    taken: int


class Health(Answer):
    """Whether the process is alive, and what it serves."""

    status: Literal["ok"]
    release_id: str | None
    model: str | None
    n_users: int
    n_items: int


class Ready(Answer):
    """Whether it can answer, from a release that is young enough."""

    status: Literal["ready"]
    release_id: str
    age_hours: float
    last_look_seconds: float = Field(description="Since the last look for a release that worked.")
    failed_looks: int


class ReleaseInfo(Answer):
    """What is being served: the manifest without its files."""

    model_config = ConfigDict(extra="allow")

    release_id: str
    created_at: datetime
    model: str
    dataset: str
    users: int
    movies: int
    ratings: int
