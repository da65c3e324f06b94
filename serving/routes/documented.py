"""The answers that several routes share, for the OpenAPI page."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from serving.http.errors import PROBLEM_TYPE

WORDS = {
    400: "The request could not be read.",
    401: "No valid key or token.",
    403: "The token is somebody else's.",
    404: "There is no such thing here.",
    413: "The body is too long.",
    414: "The query is too long.",
    422: "A parameter is missing or out of range.",
    429: "Too many live lists; try again after Retry-After seconds.",
    431: "The headers are too long.",
    503: "Nothing to serve yet; try again after Retry-After seconds.",
}
Security = list[dict[str, list[str]]]
SECURED: Security = [{"apiKey": []}, {"bearer": []}]
OPTIONAL: Security = [{}, *SECURED]
OWN: Security = [{"bearer": []}]

FILM = {
    "rank": 1, "movie_id": 603, "title": "The Matrix", "year": 1999, "release_date": "1999-03-31",
    "genres": ["Action", "Science Fiction"], "poster_path": "/a.jpg", "backdrop_path": "/b.jpg", "runtime": 136,
    "poster_url": "https://image.tmdb.org/t/p/w500/a.jpg", "overview": "A hacker learns what the world is made of.",
    "vote_average": 8.2, "score": 0.71, "reason": "hybrid",
    "because": [{"movie_id": 78, "title": "Blade Runner", "share": 0.31}],
}  # fmt: skip
LIST = {
    "user_id": "ml_1", "strategy": "precomputed", "fallback_used": False, "stale": False, "outdated": None,
    "total_ratings": 232, "release_id": "20261121T030000Z-3f9c2a", "generated_at": "2026-11-21T03:00:00Z",
    "recommendations": [FILM],
}  # fmt: skip
WISHED = {**LIST, "user_id": None, "strategy": "live", "total_ratings": 2, "model": "cf", "ignored": [],
          "understood": [], "loosened": [], "read_by": "built_in", "explanations": []}  # fmt: skip
EXAMPLES = {"RecommendationList": LIST, "WishedList": WISHED}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of these statuses, as problem objects."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": WORDS[status], "content": {PROBLEM_TYPE: {"schema": schema}}} for status in statuses
    }


def not_modified() -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a 304."""
    return {304: {"description": "The release has not changed since the ETag."}}


def example(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return an example of a good answer."""
    return {200: {"content": {"application/json": {"example": EXAMPLES[model.__name__]}}}}
