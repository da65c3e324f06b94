"""How fast TMDB is asked, and when to stop asking: a token bucket and a circuit breaker.

The bucket is the generic cell rate algorithm (ITU-T I.371): in any span of ``t`` seconds at most
``rate * t + burst`` requests go out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from warehouse.errors import SourceUnavailableError

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

SLOWER = 0.9
"""What a refusal does to the rate."""
FASTER = 1.0002
"""What each request after it does, until the rate is as configured again: a tenth in about 500."""
SLOWEST = 0.1
"""Share of the configured rate that is always tried."""

FAILURES_IN_A_ROW = 10
"""Answers of all films together that must fail before TMDB counts as down."""
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 30.0


class Pace:
    """A token bucket that every request of a run goes through.

    Parameters
    ----------
    rate : float
        Requests a second.
    burst : int
        Requests that may go out at once after an idle time.
    """

    def __init__(self, rate: float, burst: int, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep) -> None:
        self.rate = self._full_rate = rate
        self._slack = burst - 1
        self._clock, self._sleep = clock, sleep
        self._next = self._held_until = clock()

    async def take(self) -> None:
        """Wait until one more request may go out."""
        while True:
            now = self._clock()
            slot = max(self._next, now - self._slack / self.rate)
            self._next = slot + 1 / self.rate
            if slot > now:
                await self._sleep(slot - now)
            if self._clock() >= self._held_until:
                break
        self.rate = min(self._full_rate, self.rate * FASTER)

    def hold(self, seconds: float) -> None:
        """Let nothing out for a while, as the server asked, and then go slower; several refusals count once."""
        now = self._clock()
        if now >= self._held_until:
            self.rate = max(self._full_rate * SLOWEST, self.rate * SLOWER)
        self._held_until = max(self._held_until, now + seconds)
        self._next = max(self._next, self._held_until)


class Breaker:
    """Opens when nothing but failures comes back; closes when a probe succeeds, or ends the run politely.

    Parameters
    ----------
    probe : coroutine function
        Asks one small question; True if it was answered.
    patience_seconds : float
        Time for which probes go on before `SourceUnavailableError`.
    """

    def __init__(
        self, probe: Callable[[], Awaitable[bool]], patience_seconds: float, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._probe, self._patience, self._sleep = probe, patience_seconds, sleep
        self._lock = asyncio.Lock()
        self._failures = 0
        self._reason = ""
        self.gave_up = False

    def succeeded(self) -> None:
        """Note that an answer came."""
        self._failures = 0

    def failed(self, reason: str) -> None:
        """Note that none came, and why."""
        self._failures += 1
        self._reason = reason

    @property
    def is_open(self) -> bool:
        """Whether requests wait."""
        return self.gave_up or self._failures >= FAILURES_IN_A_ROW

    async def admit(self) -> None:
        """Wait while TMDB is down; one caller at a time finds out whether it is back.

        Raises
        ------
        SourceUnavailableError
            If it is not back in time.
        """
        if not self.is_open:
            return
        async with self._lock:
            waited, wait = 0.0, FIRST_WAIT_SECONDS
            while self.is_open:
                if self.gave_up or waited >= self._patience:
                    self.gave_up = True
                    raise SourceUnavailableError(f"TMDB does not answer ({self._reason})")
                wait = min(wait, self._patience - waited, LONGEST_WAIT_SECONDS)
                await self._sleep(wait)
                waited, wait = waited + wait, wait * 2
                if await self._probe():
                    self.succeeded()
