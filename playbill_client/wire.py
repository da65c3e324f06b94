"""How a call travels: its path put in place behind httpx's log, its answer read, and when to try again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from playbill_client.calls import Call
from playbill_client.errors import PlaybillApiError
from playbill_client.reading import read

Shape = TypeVar("Shape")
REAL = "playbill.real"
"""The extension of a request that holds its real path and query."""
PASSING = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may well be answered."""
FIRST_WAIT_SECONDS = 0.2


@dataclass(frozen=True)
class Retries:
    """How often a call is made again, and how long it may wait for that.

    Attributes
    ----------
    times : int
        Further attempts after the first.
    longest_wait_seconds : float
        A server that asks for a longer wait is not waited for: its refusal is raised.
    """

    times: int = 2
    longest_wait_seconds: float = 5.0

    def wait_seconds(self, attempt: int, retry_after_seconds: int | None) -> float | None:
        """Return how long to wait after the attempt of this number, from 0; None for no more."""
        if attempt >= self.times:
            return None
        # not all callers at once: up to half as long again
        wait = FIRST_WAIT_SECONDS * 2**attempt * random.uniform(1, 1.5)  # noqa: S311 - no secret
        if retry_after_seconds is not None:
            wait = max(wait, float(retry_after_seconds))
        return wait if wait <= self.longest_wait_seconds else None


def request_of(client: httpx.Client | httpx.AsyncClient, call: Call[Any]) -> httpx.Request:
    """Return a call as a request.

    httpx logs and reports the URL of a request; a path may name a person. So the request's URL is the route with its
    parts unnamed, and `real` puts the real one in its place on the wire.
    """
    template = call.path.replace("{", "").replace("}", "")
    request = client.build_request(call.method, template, json=call.body)
    base = client.base_url
    path = base.raw_path.decode().rstrip("/") + call.real_path
    query = str(httpx.QueryParams(call.query))
    request.extensions[REAL] = path + (f"?{query}" if query else "")
    return request


def real(request: httpx.Request) -> httpx.Request:
    """Return the request that goes out."""
    extensions = dict(request.extensions)
    path = extensions.pop(REAL, None)
    url = request.url if path is None else request.url.copy_with(raw_path=path.encode())
    return httpx.Request(request.method, url, headers=request.headers, stream=request.stream, extensions=extensions)


class RealPaths(httpx.BaseTransport):
    """Sends the real paths."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        return self._inner.handle_request(real(request))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncRealPaths(httpx.AsyncBaseTransport):
    """Sends the real paths."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        return await self._inner.handle_async_request(real(request))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def answer_of(call: Call[Shape], response: httpx.Response) -> Shape:
    """Return the answer as its shape.

    Raises
    ------
    PlaybillApiError
        If it is a refusal, or not what Playbill answers.
    """
    after = response.headers.get("Retry-After", "")
    facts: dict[str, Any] = {
        "request_id": response.headers.get("X-Request-ID", ""),
        "retry_after_seconds": int(after) if after.isdigit() else None,
    }
    try:
        content = response.json()
        if response.is_success:
            return read(call.shape, content)
        detail, errors = content["detail"], content.get("errors")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        detail = f"the answer is not Playbill's; is this its address? ({error})"
        raise PlaybillApiError(response.status_code, detail, **facts) from error
    raise PlaybillApiError(response.status_code, str(detail), errors=errors, **facts)
