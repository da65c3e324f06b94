"""The answers that several routes share, for the OpenAPI page."""

from __future__ import annotations

from typing import Any

from serving.errors import PROBLEM_TYPE

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
PERSONAL: list[dict[str, list[str]]] = [{"apiKey": []}, {"bearer": []}]


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of these statuses, as problem objects."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": WORDS[status], "content": {PROBLEM_TYPE: {"schema": schema}}} for status in statuses
    }


def not_modified() -> dict[int | str, dict[str, Any]]:
    """Return the documentation of a 304."""
    return {304: {"description": "The release has not changed since the ETag."}}
