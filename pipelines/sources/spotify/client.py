"""Spotify's Web API: new albums, searches and an album's tracks.

https://developer.spotify.com/documentation/web-api. An app in development mode (every new one since March 2026) may
not read new-releases and gets ten results a search at most; what it may do is found out once and remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.settings_spotify import SpotifySettings
from pipelines.sources.http import RETRIED_STATUS, Policy, Reply, Service, Transport, TryAgainError
from pipelines.sources.spotify.items import Music, MusicPage, page_of
from pipelines.sources.spotify.token import Tokens
from warehouse.errors import SourceError, SourceFormatError, SourceUnavailableError

Query = Mapping[str, str | int]

LARGE_PAGE, SMALL_PAGE = 50, 10
LAST_OFFSET = 1000
NEW = "tag:new"
"""What a search for albums of the last two weeks says, where new-releases is closed."""
ANSWER_BYTES = 4 << 20


class _ClosedError(SourceError):
    """The app may not ask that, or not for so many."""


class _TokenError(SourceError):
    """The token is not taken."""


class SpotifyClient:
    """Keep it and close it. Nobody waits longer than the caller does; a failure is tried once more.

    Parameters
    ----------
    rate : float
        Requests a second of this process.
    """

    def __init__(
        self, settings: SpotifySettings, client_id: str, client_secret: str, *, rate: float | None = None,
        transport: Transport | None = None,
    ) -> None:  # fmt: skip
        policy = Policy(
            timeout_seconds=settings.seconds, answer_seconds=settings.seconds, answer_bytes=ANSWER_BYTES, attempts=2,
            first_wait_seconds=0.1, longest_wait_seconds=settings.seconds, patience_seconds=settings.seconds,
            rate=rate or settings.rate, burst=4, in_flight=4,
        )  # fmt: skip
        self._service = Service("Spotify", f"{settings.base_url.rstrip('/')}/", policy, transport=transport)
        self._tokens = Tokens(settings.token_url, client_id, client_secret, policy, transport=transport)
        self._small = False

    @property
    def requests(self) -> int:
        """Requests for music made so far."""
        return self._service.requests

    async def close(self) -> None:
        """Close the connections."""
        await self._service.aclose()
        await self._tokens.close()

    async def new_albums(self, limit: int, offset: int, market: str | None) -> MusicPage:
        """Return albums that came out lately.

        Raises
        ------
        SourceError, ConfigError
            As every method here, if Spotify does not give it.
        """
        if not self._small:
            country: Query = {} if market is None else {"country": market}
            query = {"limit": limit, "offset": offset, **country}
            try:
                return page_of(await self._get("browse/new-releases", query), "albums")
            except _ClosedError:
                self._small = True
        return await self.search(NEW, "album", limit, offset, market)

    async def search(self, text: str, kind: str, limit: int, offset: int, market: str | None) -> MusicPage:
        """Return the albums or tracks (``kind``) that fit a text, the best first."""
        place: Query = {} if market is None else {"market": market}
        items: list[Music] = []
        total = 0
        while len(items) < limit and offset + len(items) <= LAST_OFFSET:
            wanted = min(limit - len(items), SMALL_PAGE if self._small else LARGE_PAGE)
            query = {"q": text, "type": kind, "limit": wanted, "offset": offset + len(items), **place}
            try:
                page = page_of(await self._get("search", query), f"{kind}s")
            except _ClosedError:
                if self._small or wanted <= SMALL_PAGE:
                    raise
                self._small = True
                continue
            total = page["total"]
            items += page["items"]
            if len(page["items"]) < wanted:
                break
        return MusicPage(items=items, total=total)

    async def tracks(self, album_id: str, limit: int) -> MusicPage:
        """Return an album's tracks, in its order."""
        return page_of(await self._get(f"albums/{album_id}/tracks", {"limit": limit}), None)

    async def _get(self, path: str, query: Query) -> Any:
        token = await self._tokens.get()
        try:
            return await self._ask(path, query, token)
        except _TokenError:
            return await self._ask(path, query, await self._tokens.get(refused=token))

    async def _ask(self, path: str, query: Query, token: str) -> Any:
        return await self._service.ask(path, _judge, query, {"Authorization": f"Bearer {token}"})


def _judge(reply: Reply) -> Any:
    if reply.status == 401:
        raise _TokenError("Spotify does not take its own token")
    if reply.status in (400, 403):
        raise _ClosedError(f"Spotify does not let this app ask that: {reply.phrase}")
    if reply.status in RETRIED_STATUS:
        raise TryAgainError.after(reply.status, reply.headers, reply.phrase)
    if not reply.is_success:
        raise SourceUnavailableError(f"Spotify refused the question: {reply.phrase}")
    try:
        return reply.json()
    except ValueError:
        raise SourceFormatError("Spotify's answer is not JSON") from None
