"""Asking Supabase Auth, by the policy that all services are asked by: within a time, up to a size, to no other host."""

from __future__ import annotations

import asyncio

from pipelines.sources.http import Policy, Reply, Service, Transport, TryAgainError
from warehouse.errors import SourceFormatError, SourceUnavailableError

POLICY = Policy(
    timeout_seconds=5.0,
    answer_seconds=5.0,
    answer_bytes=1_000_000,
    attempts=None,
    first_wait_seconds=0.02,
    longest_wait_seconds=1.0,
    in_flight=16,
)
"""The caller's deadline ends it; keys or a person are far shorter than a megabyte."""


class IssuerUnavailableError(Exception):
    """Supabase Auth does not answer, so nothing can be said about a token."""


class Upstream:
    """Connections to one project's Auth; keep it and close it."""

    def __init__(self, url: str, transport: Transport | None = None) -> None:
        self._service = Service("Supabase Auth", f"{url.rstrip('/')}/auth/v1/", POLICY, transport=transport)

    async def get(self, path: str, headers: dict[str, str], seconds: float) -> Reply:
        """Ask, again after a failure that may pass, until the time is up.

        Raises
        ------
        IssuerUnavailableError
            If there is no answer in time, or one that is too long, cannot be unpacked or leads elsewhere.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._service.ask(path, _judge, headers=headers)
        except TimeoutError as error:
            raise IssuerUnavailableError("it is too slow") from error
        except (SourceUnavailableError, SourceFormatError) as error:
            raise IssuerUnavailableError(str(error)) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._service.aclose()


def _judge(reply: Reply) -> Reply:
    if reply.status >= 500 or reply.status == 429:
        raise TryAgainError.after(reply.status, reply.headers, reply.phrase)
    return reply
