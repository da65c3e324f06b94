"""One HTTP client for every source: a timeout, retries that wait, and TLS always checked."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import stamina

from warehouse.errors import SourceUnavailableError

log = logging.getLogger(__name__)

RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
USER_AGENT = "playbill"

Transport = httpx.BaseTransport
"""What a test puts in the network's place; jobs name it without knowing the HTTP library."""

Result = TypeVar("Result")


def make_client(base_url: str, timeout_seconds: float, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Return a client that follows redirects and verifies certificates; tests pass their own transport."""
    headers = {"User-Agent": USER_AGENT}
    return httpx.Client(
        base_url=base_url, timeout=timeout_seconds, follow_redirects=True, headers=headers, transport=transport
    )


def make_async_client(
    base_url: str, timeout_seconds: float, transport: httpx.AsyncBaseTransport, headers: Mapping[str, str]
) -> httpx.AsyncClient:
    """Return a client for many requests at a time; it follows no redirect, so that a key never leaves its host."""
    return httpx.AsyncClient(
        base_url=base_url, timeout=timeout_seconds, headers={"User-Agent": USER_AGENT, **headers}, transport=transport
    )


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, in a thread of its own where the caller's already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, work).result()


def asked_wait(response: httpx.Response, now: datetime | None = None) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, given in seconds or as a date; None without one."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        moment = parsedate_to_datetime(asked)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def worth_a_retry(error: Exception) -> bool | float | timedelta:
    """Tell whether a failed request may succeed later; a number is the seconds the server asked to wait."""
    if isinstance(error, httpx.HTTPStatusError):
        if error.response.status_code not in RETRIED_STATUS:
            return False
        asked = asked_wait(error.response)
        return True if asked is None else min(asked, 60.0) + random.uniform(0, 0.1)  # noqa: S311 - jitter
    return isinstance(error, httpx.TransportError) and "CERTIFICATE_VERIFY_FAILED" not in str(error)


def with_retries(call: Callable[[], Result], *, what: str, attempts: int) -> Result:
    """Run ``call`` until it succeeds, waiting longer each time, at most ``attempts`` times.

    Raises
    ------
    SourceUnavailableError
        If it fails for good; the message says what was asked and why it failed, never a URL with a key.
    """
    try:
        for attempt in stamina.retry_context(on=worth_a_retry, attempts=attempts, timeout=None, wait_initial=0.5):
            with attempt:
                return call()
    except httpx.HTTPStatusError as error:
        raise SourceUnavailableError(f"{what}: the server answered {error.response.status_code}") from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise SourceUnavailableError(f"{what}: {reason}") from error
    raise AssertionError("unreachable")


def answers(url: str, timeout_seconds: float = 3.0) -> bool:
    """Tell whether a URL answers without an error."""
    try:
        return httpx.get(url, timeout=timeout_seconds).is_success
    except httpx.HTTPError:
        return False
