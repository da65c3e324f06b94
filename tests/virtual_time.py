"""Event loops whose clock only waiting moves: a test of minutes takes milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

import pytest


class VirtualTime:
    """A clock shared by all loops that it makes; use the fixture `virtual_time`."""

    def __init__(self) -> None:
        self.now = 100.0

    def loop(self) -> asyncio.AbstractEventLoop:
        return _Loop(self)


class _Selector(selectors.SelectSelector):
    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0 if timeout is not None else 0.01)  # None: only a thread can wake it
        # time never stands still, or a wait that is a rounding error long would never end
        self._time.now += max(timeout or 0.0, 1e-6) if not ready else 1e-9
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        super().__init__(_Selector(time))

    def time(self) -> float:
        return self._time.now


@pytest.fixture
def virtual_time(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    """Let every event loop of the test keep virtual time."""
    time = VirtualTime()
    monkeypatch.setattr("asyncio.events.new_event_loop", time.loop)
    return time
