"""Answers with their caching headers: per person, for everybody, or not to be kept at all."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from serving.snapshot import Snapshot

PERSONAL = {"Cache-Control": "private, no-cache", "Vary": "Authorization, X-API-Key"}
"""A browser may keep it, and asks each time whether it is still right, which costs no list."""
PUBLIC = {"Cache-Control": "public, max-age=300"}
NOT_KEPT = {"Cache-Control": "no-store", "Vary": "Authorization, X-API-Key"}


def json_reply(body: bytes, headers: dict[str, str]) -> Response:
    """Return prepared JSON."""
    return Response(body, headers=headers, media_type="application/json")


def unchanged(
    request: Request, snapshot: Snapshot, headers: dict[str, str], etag: str | None = None
) -> Response | None:
    """Return a 304 if the caller has the answer of this release already; ask before making it.

    ``etag`` is the answer's own where more than the release tells it from another.
    """
    etag = etag or snapshot.etag
    known = request.headers.get("if-none-match")
    if known is None or not (known == "*" or etag in (tag.strip() for tag in known.split(","))):
        return None
    return Response(status_code=304, headers={**headers, "ETag": etag})


def reply(request: Request, snapshot: Snapshot, headers: dict[str, str], make: Callable[[], bytes]) -> Response:
    """Return what depends on the request and the release alone, or a 304."""
    return unchanged(request, snapshot, headers) or json_reply(make(), {**headers, "ETag": snapshot.etag})
