"""How the API is, and what it took.

Written by `serving/http/client_shapes.py` from `serving/http/schemas`; change those and write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many events were written down."""

    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the process is alive, and what it serves."""

    status: Literal["ok"]
    release_id: str | None
    model: str | None
    n_users: int
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Whether it can answer, from a release that is young enough."""

    status: Literal["ready"]
    release_id: str
    age_hours: float
    last_look_seconds: float  # Since the last look for a release that worked.
    failed_looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInfo:
    """What is being served: the manifest without its files."""

    release_id: str
    created_at: datetime
    model: str
    dataset: str
    users: int
    movies: int
    ratings: int
    more: dict[str, Any]
