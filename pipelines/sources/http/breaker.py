"""When to stop asking a service that is down, and who finds out whether it is back.

Written here because the libraries for it are not kept up for asyncio (purgatory: none since 2024, aiobreaker: 2021;
pybreaker's asynchronous calls need Tornado), and none of them waits: they fail at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from warehouse.errors import SourceUnavailableError

FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 30.0


class Breaker:
    """Opens after so many failures in a row; then one question at a time tries, after a growing wait.

    Parameters
    ----------
    name : str
        The service, for the message.
    breaks_after : int or None
        Failures in a row, over all questions; None never opens.
    patience_seconds : float
        How long it waits in all before `SourceUnavailableError` for everybody.
    """

    def __init__(self, name: str, breaks_after: int | None, patience_seconds: float) -> None:
        self._name, self._breaks_after, self._patience = name, breaks_after, patience_seconds
        self._lock = asyncio.Lock()
        self._failures = 0
        self._waited = 0.0
        self._wait = FIRST_WAIT_SECONDS
        self._reason = ""

    @property
    def is_open(self) -> bool:
        """Whether questions wait."""
        return self._breaks_after is not None and self._failures >= self._breaks_after

    def succeeded(self) -> None:
        """Note that an answer came."""
        self._failures, self._waited, self._wait = 0, 0.0, FIRST_WAIT_SECONDS

    def failed(self, reason: str) -> None:
        """Note that none came, and why."""
        self._failures += 1
        self._reason = reason

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Let one question through; while the service is down, one at a time and after a wait.

        Raises
        ------
        SourceUnavailableError
            If it is not back in time.
        """
        while self.is_open:
            async with self._lock:
                if not self.is_open:
                    break
                await self._wait_a_while()
                yield
                return
        yield

    async def _wait_a_while(self) -> None:
        left = self._patience - self._waited
        if left <= 0:
            raise SourceUnavailableError(f"{self._name} does not answer ({self._reason})")
        wait = min(self._wait, left, LONGEST_WAIT_SECONDS)
        self._waited, self._wait = self._waited + wait, self._wait * 2
        await asyncio.sleep(wait)
