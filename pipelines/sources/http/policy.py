"""What one question to a service may cost, and when asking again may help."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from warehouse.errors import SourceUnavailableError

RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same question may succeed."""
TOO_MANY = 429


@dataclass(frozen=True)
class Policy:
    """How a service is asked.

    Attributes
    ----------
    timeout_seconds : float
        Longest silence of the server.
    answer_seconds : float
        Longest time from the question to the last byte of its answer, however steadily it drips.
    answer_bytes : int
        Longest answer, unpacked.
    attempts : int or None
        Tries of one question; None goes on until the caller's own deadline.
    first_wait_seconds, longest_wait_seconds : float
        The wait before the second try, doubled before each further one, and its end.
    patience_seconds : float
        How long the service may be down, or ask to wait, before all questions are given up.
    rate : float or None
        Questions a second, over all callers; None does not count them.
    burst : int
        Questions that may go out at once after a pause.
    in_flight : int
        Questions that may wait for an answer at one time.
    breaks_after : int or None
        Failures in a row after which the service counts as down; None never stops asking.
    """

    timeout_seconds: float
    answer_seconds: float
    answer_bytes: int
    attempts: int | None
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0
    patience_seconds: float = 60.0
    rate: float | None = None
    burst: int = 1
    in_flight: int = 8
    breaks_after: int | None = None


class TryAgainError(Exception):
    """The question failed in a way that may pass; the message is the reason, without a URL, a key or a person.

    Parameters
    ----------
    wait_seconds : float, optional
        How long the server asks to wait.
    too_fast : bool
        Whether it is the pace that it minds.
    """

    def __init__(self, reason: str, *, wait_seconds: float | None = None, too_fast: bool = False) -> None:
        super().__init__(reason)
        self.wait_seconds, self.too_fast = wait_seconds, too_fast

    @classmethod
    def after(cls, status: int, headers: httpx.Headers, reason: str) -> TryAgainError:
        """Return the error for an answer that asks for patience."""
        return cls(reason, wait_seconds=asked_wait(headers), too_fast=status == TOO_MANY)


class GaveUpError(SourceUnavailableError):
    """One question failed at every try; the service may still answer others."""


def asked_wait(headers: httpx.Headers, now: datetime | None = None) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, given in seconds or as a date; None without one."""
    asked = headers.get("Retry-After", "").strip()[:64]
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        moment = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def worth_a_retry(error: Exception) -> bool | float:
    """Tell stamina whether to try again; a number is the seconds the server asked to wait, and a little more."""
    if not isinstance(error, TryAgainError):
        return False
    if error.wait_seconds is None:
        return True
    return error.wait_seconds + random.uniform(0, 0.1)  # noqa: S311 - jitter


def hush_retries() -> None:
    """Switch off stamina's own log line a try, which says neither which service nor why; whoever tries says both."""
    logging.getLogger("stamina").setLevel(logging.ERROR)
