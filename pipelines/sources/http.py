"""One HTTP client for every source: a timeout, retries that wait, and TLS always checked."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

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


def worth_a_retry(error: Exception) -> bool | float | timedelta:
    """Tell whether a failed request may succeed later; a number is the seconds the server asked to wait."""
    if isinstance(error, httpx.HTTPStatusError):
        if error.response.status_code not in RETRIED_STATUS:
            return False
        asked = error.response.headers.get("Retry-After", "")
        return min(float(asked), 60.0) + random.uniform(0, 0.1) if asked.isdigit() else True  # noqa: S311 - jitter
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
