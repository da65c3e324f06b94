"""Work beside the requests: done again and again, whatever happened the time before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from serving.metrics import Metrics

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """A step that is taken every so many seconds; it may fail, it is taken again all the same."""

    name: str
    step: Callable[[], Awaitable[object]]
    seconds: float


async def keep_doing(chore: Chore, metrics: Metrics) -> None:
    """Take the step now and then until cancelled; a failure is logged and counted, and never the last step."""
    while True:
        await asyncio.sleep(chore.seconds)
        try:
            await chore.step()
        except Exception as error:  # a chore that ends is a chore that nobody does
            metrics.chore_failures.labels(chore.name).inc()
            log.error("chore failed chore=%s kind=%s reason=%r", chore.name, type(error).__name__, str(error))  # noqa: TRY400
