"""The connections of one process: how many there may be, how long each step may take, and who goes when it is full.

Nobody is refused while somebody can be let go who has not finished asking: a client that sends a request at once is
among the unfinished for a millisecond, one that holds connections open is always the oldest there.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Protocol

from pipelines.settings_sections import ServingSettings

MAX_HEADERS = 100
MAX_HEAD_BYTES = 65_536
"""Of a request line and headers that come in pieces; `serving.http.edge` answers to shorter ones that are too long."""
MAX_BODIES_BYTES = 64_000_000
"""Of all bodies that are on their way; they are held in memory until they are whole."""
MAX_PIPELINED = 16
BACKLOG = 1024
OTHER_HANDLES = 400
"""Kept for a release's arrays, twice, and for Supabase."""
FEWEST = 32
LOOK_SECONDS = 0.5


class Connection(Protocol):
    """What a connection has to be able to do."""

    def look(self, now: float) -> None:
        """Close if its time is up."""

    def abort(self) -> None:
        """Close at once, whatever has not been sent."""


@dataclass(frozen=True)
class ConnectionLimits:
    """How many connections a process may have, and how many seconds each step may take."""

    connections: int
    head_seconds: float
    body_seconds: float
    answer_seconds: float
    body_bytes: int

    @classmethod
    def of(cls, serving: ServingSettings) -> ConnectionLimits:
        """Return the limits of the settings; fewer connections where the system allows fewer open files."""
        return cls(
            min(serving.max_connections, open_file_limit()),
            serving.head_seconds,
            serving.body_seconds,
            serving.answer_seconds,
            serving.max_body_bytes,
        )


def open_file_limit() -> int:
    """Return how many connections fit under the process's limit of open files, raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard and (hard == resource.RLIM_INFINITY or soft < hard):
        wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        if wanted > soft:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    # a burst is accepted before any of it can be looked at, so the backlog needs handles too
    return max(FEWEST, soft - OTHER_HANDLES - min(BACKLOG, soft // 4))


class Connections:
    """Everybody who is connected to one process.

    Attributes
    ----------
    unfinished : ordered set
        Connections whose request has not come whole, the oldest first.
    idle : ordered set
        Connections that have had their answer and may ask again, the longest idle first.
    closed : Counter
        How many were closed here, by reason.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.unfinished: OrderedDict[Connection, None] = OrderedDict()
        self.idle: OrderedDict[Connection, None] = OrderedDict()
        self.closed: Counter[str] = Counter()
        self.bodies_bytes = 0
        self._entered: set[Connection] = set()
        self._watched = False

    def enter(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Let a connection in, whose first request is awaited."""
        self._entered.add(connection)
        self.unfinished[connection] = None
        if not self._watched:
            self._watched = True
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at all connections now and then, as long as there are any."""
        now = loop.time()
        for connection in tuple(self._entered):
            connection.look(now)
        self._watched = bool(self._entered)
        if self._watched:
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def make_room(self, connected: int) -> bool:
        """Let the oldest unfinished connection go, else the longest idle one, if there are too many; False if none."""
        if connected <= self.limits.connections:
            return True
        for reason, waiting in (("unfinished", self.unfinished), ("idle", self.idle)):
            if waiting:
                connection, _ = waiting.popitem(last=False)
                self.closed[f"{reason}, to make room"] += 1
                connection.abort()
                return True
        self.closed["refused"] += 1
        return False

    def add_body(self, size: int) -> None:
        """Count what has come of a body; when all bodies together are too much the oldest unfinished request goes."""
        self.bodies_bytes += size
        if self.bodies_bytes > MAX_BODIES_BYTES and self.unfinished:
            connection, _ = self.unfinished.popitem(last=False)
            self.closed["bodies"] += 1
            connection.abort()

    def forget(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._entered.discard(connection)
        self.unfinished.pop(connection, None)
        self.idle.pop(connection, None)
