"""One outside service: every question to it is paced, bounded, tried again where that helps, and keeps its secrets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import stamina

from pipelines.sources.http.answers import Reply, read_whole
from pipelines.sources.http.breaker import Breaker
from pipelines.sources.http.connection import Connection
from pipelines.sources.http.pace import Pace
from pipelines.sources.http.policy import GaveUpError, Policy, TryAgainError, hush_retries, worth_a_retry
from warehouse.errors import SourceFormatError, SourceUnavailableError

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Judge = Callable[[Reply], Result]
"""Reply -> what it means. Raises `TryAgainError` for what may pass, a `PlaybillError` for what will not."""


class Service(Connection):
    """Use as ``async with Service(…) as service: await service.ask(…)``.

    It is made as its `Connection` is.

    Attributes
    ----------
    requests : int
        Requests made so far, failed ones included.
    """

    def __init__(self, name: str, base_url: str, policy: Policy, **options: Any) -> None:
        super().__init__(name, base_url, policy, **options)
        hush_retries()
        self._slots = asyncio.Semaphore(policy.in_flight)
        self._pace = None if policy.rate is None else Pace(policy.rate, policy.burst)
        self._breaker = Breaker(name, policy.breaks_after, policy.patience_seconds)
        self.requests = 0

    async def ask(
        self,
        path: str,
        judge: Judge[Result],
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        body: bytes | None = None,
    ) -> Result:
        """Ask until there is an answer that ``judge`` takes, waiting longer each time.

        Parameters
        ----------
        query : mapping, optional
            Query parameters; people may be named in them, as no log or error holds them.
        body : bytes, optional
            What is posted.

        Raises
        ------
        GaveUpError
            If every try failed.
        SourceUnavailableError
            If the service is down, asks to wait too long, or sends us elsewhere.
        SourceFormatError
            If an answer is longer than is read.
        """
        return await self.retrying(lambda: self._in_turn(path, judge, query or {}, headers or {}, body))

    async def retrying(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Do something until it raises no `TryAgainError`, waiting longer each time.

        Raises
        ------
        GaveUpError
            If every try failed.
        """
        tries = 0
        try:
            async for one in stamina.retry_context(
                on=worth_a_retry, attempts=self.policy.attempts, timeout=None,
                wait_initial=self.policy.first_wait_seconds, wait_max=self.policy.longest_wait_seconds,
                wait_jitter=self.policy.first_wait_seconds,
            ):  # fmt: skip
                with one:
                    tries += 1
                    return await attempt()
        except TryAgainError as error:
            raise GaveUpError(f"{error}, {tries} times") from None
        raise AssertionError("unreachable")

    async def _in_turn(
        self,
        path: str,
        judge: Judge[Result],
        query: Mapping[str, str | int],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Result:
        while True:
            async with self._slots, self._breaker.passing():
                if self._pace is not None:
                    await self._pace.take()
                self.requests += 1
                try:
                    result = judge(await self._answer(path, query, headers, body))
                except TryAgainError as error:
                    self._failed(error)
                    if not self._breaker.is_open:
                        raise
                    continue  # the service is down, which uses up no try of this question
                except SourceFormatError as error:
                    self._breaker.failed(str(error))
                    raise
                self._breaker.succeeded()
                return result

    def _failed(self, error: TryAgainError) -> None:
        log.debug("question failed service=%s reason=%r", self.name, self.hide_in(str(error)))
        self._breaker.failed(str(error))
        wait = error.wait_seconds
        if wait is not None and wait > max(self.policy.patience_seconds, self.policy.longest_wait_seconds):
            raise SourceUnavailableError(f"{self.name} asks to wait {wait:.0f} seconds ({error})") from None
        if error.too_fast and self._pace is not None:
            self._pace.hold(self.policy.first_wait_seconds if wait is None else wait)

    async def _answer(
        self, path: str, query: Mapping[str, str | int], headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """Send one request and read its answer whole, within the policy's time and size."""
        async with self.opened(path, query, headers, seconds=self.policy.answer_seconds, body=body) as response:
            reply = await read_whole(response, self.policy.answer_bytes, self.name)
        return replace(reply, content=self.secret.hide_in_bytes(reply.content))


def answers(url: str, timeout_seconds: float = 3.0) -> bool:
    """Tell whether a URL answers without an error."""
    try:
        return httpx.get(url, timeout=timeout_seconds).is_success
    except httpx.HTTPError:
        return False
