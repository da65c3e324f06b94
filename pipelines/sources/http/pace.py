"""How fast a service is asked: a leaky bucket that every question goes through, and a stop when it asks for one."""

from __future__ import annotations

import asyncio

from aiolimiter import AsyncLimiter

SLOWER = 0.9
"""What a refusal does to the rate."""
FASTER, FASTER_AFTER = 1.05, 100
"""What so many questions without a refusal do to it, until it is as configured again."""
SLOWEST = 0.1
"""Share of the configured rate that is always tried."""


class Pace:
    """In any span of ``t`` seconds at most ``rate * t + burst`` questions go out.

    Parameters
    ----------
    rate : float
        Questions a second.
    burst : int
        Questions that may go out at once after an idle time.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = self._full_rate = rate
        self._burst = burst
        self._limiter: AsyncLimiter | None = AsyncLimiter(burst, burst / rate)
        self._held_until = 0.0
        self._since_refusal = 0

    async def take(self) -> None:
        """Wait until one more question may go out."""
        while True:
            await (await self._bucket()).acquire()
            wait = self._held_until - asyncio.get_running_loop().time()
            if wait <= 0:
                break
            await asyncio.sleep(wait)
        self._since_refusal += 1
        if self._since_refusal % FASTER_AFTER == 0 and self.rate < self._full_rate:
            self.rate, self._limiter = min(self._full_rate, self.rate * FASTER), None

    async def _bucket(self) -> AsyncLimiter:
        if self._limiter is None:  # the rate has changed: a new bucket, which begins full
            self._limiter = AsyncLimiter(self._burst, self._burst / self.rate)
            await self._limiter.acquire(self._burst)
        return self._limiter

    def hold(self, seconds: float) -> None:
        """Let nothing out for a while, as the server asked, and then go slower; several refusals count once."""
        now = asyncio.get_running_loop().time()
        if now >= self._held_until:
            self.rate, self._limiter = max(self._full_rate * SLOWEST, self.rate * SLOWER), None
        self._held_until = max(self._held_until, now + seconds)
        self._since_refusal = 0
