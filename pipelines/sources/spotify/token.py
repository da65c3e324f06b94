"""Spotify's tokens: client credentials in, a bearer token for an hour out (RFC 6749, section 4.4)."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable

import httpx

from pipelines.sources.http import RETRIED_STATUS, Policy, Reply, Secret, Service, Transport, TryAgainError
from warehouse.errors import ConfigError, SourceFormatError, SourceUnavailableError

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EARLY_SECONDS = 30.0
"""A token is not used in its last half minute, or the last tenth of a short one."""


class Tokens:
    """The newest token of one app; asks for another when it runs out or was refused."""

    def __init__(
        self, url: str, client_id: str, client_secret: str, policy: Policy, *, transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        where = httpx.URL(url)
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._service = Service(
            "Spotify's token service", str(where.copy_with(path="/", query=None)), policy, transport=transport,
            secret=Secret(headers={"Authorization": f"Basic {pair}"}),
        )  # fmt: skip
        self._path, self._clock, self._lock = where.path, clock, asyncio.Lock()
        self._token, self._until = "", 0.0

    async def get(self, refused: str = "") -> str:
        """Return a token, another one than that which was refused.

        Raises
        ------
        ConfigError
            If the client id or secret is refused.
        SourceUnavailableError
            If none can be had.
        """
        async with self._lock:
            if not self._token or self._token == refused or self._clock() >= self._until:
                body = b"grant_type=client_credentials"
                self._token, seconds = await self._service.ask(self._path, _token, headers=FORM, body=body)
                self._until = self._clock() + seconds - min(EARLY_SECONDS, seconds / 10)
            return self._token

    async def close(self) -> None:
        """Close the connections."""
        await self._service.aclose()


def _token(reply: Reply) -> tuple[str, float]:
    if reply.status in RETRIED_STATUS:
        raise TryAgainError.after(reply.status, reply.headers, reply.phrase)
    if reply.status in (400, 401, 403):
        raise ConfigError("Spotify refuses SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET; copy them again from your app")
    if not reply.is_success:
        raise SourceUnavailableError(f"Spotify gives no token: {reply.phrase}")
    try:
        body = reply.json()
        token, seconds = body["access_token"], float(body.get("expires_in", 3600))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SourceFormatError("Spotify's answer holds no token") from None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise SourceFormatError("Spotify's token cannot be one")
    return token, max(seconds, 1.0)
