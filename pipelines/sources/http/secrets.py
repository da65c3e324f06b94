"""Keys and people stay off the URL that is logged: both are added on the wire, for the one host they belong to.

httpx logs every request's URL and puts it into errors. What it sees is a path; `WireTransport` puts the key and the
query behind it, and only where scheme, host and port are those that the service was configured with.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

Transport = httpx.AsyncBaseTransport
"""What a test puts in the network's place; jobs name it without knowing the HTTP library."""

QUERY = "playbill.query"
"""The extension of a request that holds its query."""
HEADERS_LOGGED_BY = "httpcore"
"""Logs every header of an answer at DEBUG, PostgREST's ``Content-Location`` with its query among them."""


@dataclass(frozen=True)
class Secret:
    """What proves who asks: headers and query parameters that no log, error or other host ever holds."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    def hide_in(self, text: str) -> str:
        """Return ``text`` without any of it."""
        for value in self._values:
            text = text.replace(value, "[hidden]")
        return text

    def hide_in_bytes(self, content: bytes) -> bytes:
        """Return an answer without any of it: some servers repeat the key that they refuse."""
        for value in self._values:
            content = content.replace(value.encode(), b"[hidden]")
        return content

    @property
    def _values(self) -> set[str]:
        return {value.removeprefix("Bearer ") for value in (*self.headers.values(), *self.query.values())}


NO_SECRET = Secret()


class WireTransport(httpx.AsyncBaseTransport):
    """Sends requests with what httpx must not see.

    Raises
    ------
    httpx.UnsupportedProtocol
        For a request that would leave TLS, as a redirect from https to http asks.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, base: httpx.URL, secret: Secret) -> None:
        self._inner, self._base, self._secret = inner, base, secret
        logging.getLogger(HEADERS_LOGGED_BY).setLevel(logging.INFO)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, with the key if it goes to the key's own host."""
        if self._base.scheme == "https" and request.url.scheme != "https":
            raise httpx.UnsupportedProtocol("an address without TLS, to which the server redirects, is not asked")
        extensions = dict(request.extensions)
        query = extensions.pop(QUERY, {})
        url, headers = request.url, request.headers.copy()
        if _origin(url) == _origin(self._base):
            headers.update(self._secret.headers)
            query = {**query, **self._secret.query}
        if query:
            url = url.copy_merge_params(query)
        wire = httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=extensions)
        return await self._inner.handle_async_request(wire)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
