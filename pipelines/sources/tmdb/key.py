"""TMDB's key: added to a request on the wire only, so that no log line, error or stored URL can hold it."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from pipelines.settings import Settings
from warehouse.errors import ConfigError

HOW_TO_GET_ONE = "set TMDB_READ_TOKEN (or TMDB_API_KEY), free at https://www.themoviedb.org/settings/api"


@dataclass(frozen=True)
class TmdbKey:
    """One of TMDB's two kinds of key.

    Attributes
    ----------
    value : str
        A read access token (three parts with dots) or an API key (32 hex digits); never shown.
    name : str
        The setting it came from, for messages.
    """

    value: str = field(repr=False)
    name: str

    @property
    def is_token(self) -> bool:
        """Whether it goes into the Authorization header; an API key goes into the query."""
        return self.value.count(".") == 2

    def hide_in(self, text: str) -> str:
        """Return ``text`` without the key."""
        return text.replace(self.value, "[hidden]")


def find_key(settings: Settings) -> TmdbKey | None:
    """Return the key that is configured, the read token first; blank counts as none.

    Raises
    ------
    ConfigError
        If it cannot be a key at all; the message does not repeat it.
    """
    for name, secret in (("TMDB_READ_TOKEN", settings.tmdb_read_token), ("TMDB_API_KEY", settings.tmdb_api_key)):
        value = secret.get_secret_value().strip() if secret else ""
        if value and not (value.isascii() and value.isprintable() and " " not in value):
            raise ConfigError(f"{name} holds a character that no key has; copy it again, without quotes or spaces")
        if value:
            return TmdbKey(value, name)
    return None


class KeyedTransport(httpx.AsyncBaseTransport):
    """Adds the key behind httpx's back: its requests, which it logs and puts into errors, stay without it."""

    def __init__(self, inner: httpx.AsyncBaseTransport, key: TmdbKey) -> None:
        self._inner, self._key = inner, key

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with the key."""
        url, headers = request.url, request.headers.copy()
        if self._key.is_token:
            headers["Authorization"] = f"Bearer {self._key.value}"
        else:
            url = url.copy_add_param("api_key", self._key.value)
        keyed = httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return await self._inner.handle_async_request(keyed)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
