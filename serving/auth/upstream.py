"""Asking Supabase Auth: within a time, up to a size, never following it to another host with a key in hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from pipelines.sources.http import ACCEPTED, pieces
from warehouse.errors import SourceFormatError

Transport = httpx.AsyncBaseTransport
"""What carries requests to Supabase; tests put something else in the network's place."""

RETRY_SECONDS = 0.02
MAX_ANSWER_BYTES = 1_000_000
MAX_AT_ONCE = 16


class IssuerUnavailableError(Exception):
    """Supabase Auth does not answer, so nothing can be said about a token."""


@dataclass(frozen=True)
class Answer:
    """A status and a whole body."""

    status: int
    body: bytes


class Upstream:
    """Connections to one project's Auth; keep it and close it."""

    def __init__(self, url: str, transport: Transport | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/auth/v1/", transport=transport, timeout=5.0, follow_redirects=False,
            headers={"User-Agent": "playbill", **ACCEPTED},
        )  # fmt: skip
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)

    async def get(self, path: str, headers: dict[str, str], seconds: float) -> Answer:
        """Ask, again after a failure that may pass, until the time is up.

        Raises
        ------
        IssuerUnavailableError
            If there is no answer in time, or one that is too long.
        """
        wait = RETRY_SECONDS
        try:
            async with asyncio.timeout(seconds), self._turns:
                while True:
                    try:
                        answer = await self._ask(path, headers)
                        if answer.status < 500 and answer.status != 429:
                            return answer
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(wait)
                    wait *= 2
        except TimeoutError as error:
            raise IssuerUnavailableError("it is too slow") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, path: str, headers: dict[str, str]) -> Answer:
        body = bytearray()
        try:
            async with self._client.stream("GET", path, headers=headers) as response:
                async for piece in pieces(response, MAX_ANSWER_BYTES, "Supabase Auth", "its limit"):
                    body += piece
        except SourceFormatError as error:
            raise IssuerUnavailableError(f"its answer cannot be read: {error}") from None
        return Answer(response.status_code, bytes(body))
