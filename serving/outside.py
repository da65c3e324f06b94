"""What another service says, for an answer that must not wait for it: remembered, bounded in time, done without."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

from warehouse.errors import PlaybillError

log = logging.getLogger(__name__)

REST_AFTER, REST_SECONDS = 3, 15.0
"""After so many failures in a row nobody waits for the service for so long."""
MOST_KEPT = 1000
KEPT_IN_NEED_SECONDS = 86_400.0
"""How long an old answer is given where no new one can be had."""


@dataclass(frozen=True)
class Heard:
    """What the service said.

    Attributes
    ----------
    stale : bool
        Whether it is older than it should be, as the service does not answer now.
    """

    value: Any
    stale: bool = False


class Outside:
    """One service as requests ask it. Keep it and close it.

    Parameters
    ----------
    name : str
        What the log calls it.
    seconds : float
        The longest that a request waits for it.
    kept_seconds : float
        How long an answer is given again without asking.
    """

    def __init__(
        self, name: str, *, seconds: float, kept_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._seconds, self._kept_seconds, self._clock = name, seconds, kept_seconds, clock
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._asking: dict[Hashable, asyncio.Task[Any]] = {}
        self._failures, self._rests_until = 0, 0.0

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Any]]) -> Heard | None:
        """Return what the service says to a question, or None where it does not say and never said lately.

        The same question is asked once however many wait for it. A question that takes too long goes on until its own
        end, so that the next to ask has its answer.
        """
        age, value = self._look(key)
        if age < self._kept_seconds:
            return Heard(value)
        old = Heard(value, stale=True) if age < KEPT_IN_NEED_SECONDS else None
        if self._clock() < self._rests_until:
            return old
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.ensure_future(self._ask(key, ask))
        done, _ = await asyncio.wait([task], timeout=self._seconds)
        if not done:
            self._failed(f"no answer in {self._seconds:g} s")
            return old
        return Heard(task.result()[0]) if task.result() is not None else old

    async def close(self) -> None:
        """Give up what is still being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _look(self, key: Hashable) -> tuple[float, Any]:
        kept = self._kept.get(key)
        return (float("inf"), None) if kept is None else (self._clock() - kept[0], kept[1])

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[Any]]) -> tuple[Any] | None:
        try:
            value = await ask()
        except PlaybillError as error:
            self._failed(str(error))
            return None
        finally:
            self._asking.pop(key, None)
        self._failures = 0
        self._kept[key] = (self._clock(), value)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return (value,)

    def _failed(self, reason: str) -> None:
        log.warning("answered without service=%s reason=%r", self._name, reason)
        self._failures += 1
        if self._failures >= REST_AFTER:
            self._failures, self._rests_until = 0, self._clock() + REST_SECONDS
