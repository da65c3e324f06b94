"""Retry-After in both of its forms (RFC 9110, 10.2.3), and coroutines from any caller."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from pipelines.sources.http.policy import asked_wait
from pipelines.sources.http.running import run_async

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("٣", None),
        ("", None),
    ],
)
def test_what_a_server_asks(header: str, seconds: float | None) -> None:
    response = httpx.Response(429, headers=[(b"Retry-After", header.encode())])
    assert asked_wait(response.headers, NOW) == seconds
    assert asked_wait(httpx.Response(429).headers, NOW) is None


async def _answer() -> int:
    await asyncio.sleep(0)
    return 42


def test_a_coroutine_runs_with_and_without_a_loop_around_it() -> None:
    assert run_async(_answer()) == 42

    async def inside() -> int:
        return run_async(_answer())

    assert asyncio.run(inside()) == 42
