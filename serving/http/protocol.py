"""uvicorn's HTTP protocol with the limits it has not: time for each step, bytes and number of headers, a full house.

uvicorn on httptools waits for a request's head and body for ever, keeps every header that comes, and, with
``limit_concurrency``, refuses everybody while others hold connections open. Deadlines are looked at once a second for
all connections together; a request that comes in one piece costs a few attribute writes.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import Any

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from serving.http.connections import MAX_HEAD_BYTES, MAX_HEADERS, MAX_PIPELINED, Connections
from serving.http.errors import PROBLEM_TYPE, problem_body

CLOSING_SECONDS = 2.0
"""How long a last answer may take to be read before the connection is cut."""


class GuardedConfig(uvicorn.Config):
    """uvicorn's configuration, and the connections of the process it configures."""

    def __init__(self, app: Any, connections: Connections, **options: Any) -> None:
        super().__init__(app, http=GuardedProtocol, **options)
        self.guarded = connections


class TooMuchError(Exception):
    """A request that is not read further: raised inside the parser, which ends with it."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self, config: GuardedConfig, server_state: ServerState, app_state: dict[str, Any], _loop: Any = None
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.guarded = config.guarded
        self.deadline = inf
        self._coming = True
        """Whether a request is on its way, or the first one awaited."""
        self._in_body = False
        self._head_bytes = self._body_wire_bytes = self._body_bytes = 0
        self._refusal = (400, "this is not HTTP/1.1")

    # -- connecting ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Enter, if there is room or room can be made."""
        super().connection_made(transport)
        if not self.guarded.make_room(len(self.connections)):
            self.refuse(503, "too many connections; try again", retry_after=1)
            return
        self.deadline = self.loop.time() + self.guarded.limits.head_seconds
        self.guarded.enter(self, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave."""
        self._forget_body()
        self.guarded.forget(self)
        super().connection_lost(exc)

    # -- a request ----------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read a piece of a request, or several requests."""
        self._unset_keepalive_if_required()
        self.guarded.idle.pop(self, None)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # nothing is upgraded to: it is answered as if it had not been asked for, and then over
            if self.cycle is not None:
                self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self.refuse(*self._refusal)
        else:
            # blank lines before a request begin none, and are a request on its way all the same
            if self._coming or self.cycle is None or self.cycle.response_complete:
                self._coming = True
                self._still_coming(len(data))

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._coming, self._in_body = True, False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, of which there may be so many, trailers among them; all of uvicorn's own method is here."""
        if len(self.headers) >= MAX_HEADERS:
            self._refusal = (431, f"a request may have {MAX_HEADERS} headers")
            raise TooMuchError
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Start answering, unless the client asks faster than it is answered."""
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = (429, f"{MAX_PIPELINED} requests may wait on one connection")
            raise TooMuchError
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._body_bytes += len(body)
        self.guarded.add_body(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Have a request whole: now the answer's time runs."""
        self._coming = False
        self._head_bytes = self._body_wire_bytes = 0
        self.guarded.unfinished.pop(self, None)
        self.deadline = self.loop.time() + self.guarded.limits.answer_seconds
        super().on_message_complete()
        if self.cycle.response_complete:  # it was answered before its body had come
            self.guarded.idle[self] = None

    def on_response_complete(self) -> None:
        """Have answered: what is not read of it in time is dropped, and the connection may be let go for others."""
        super().on_response_complete()
        self._forget_body()
        if not self._coming and not self.pipeline:
            self.deadline = self.loop.time() + self.guarded.limits.answer_seconds
            self.guarded.idle[self] = None

    def _still_coming(self, size: int) -> None:
        """Look at a request that has come in part."""
        limits = self.guarded.limits
        begun = self._head_bytes == 0 and self._body_wire_bytes == 0
        if self._in_body:
            if self._body_wire_bytes == 0:
                self.deadline = self.loop.time() + limits.body_seconds
            self._body_wire_bytes += size
        else:
            if begun and self.cycle is not None:
                self.deadline = self.loop.time() + limits.head_seconds
            self._head_bytes += size
        self.guarded.unfinished.setdefault(self)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.refuse(431, f"a request may have {MAX_HEAD_BYTES} bytes before its body")
        elif self._body_wire_bytes > 2 * limits.body_bytes + MAX_HEAD_BYTES:
            self.refuse(413, f"a request body may have {limits.body_bytes} bytes")

    # -- leaving ------------------------------------------------------------------------------------------------

    def refuse(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        """Answer without the application, and close."""
        if self.transport.is_closing():
            return
        self.guarded.closed[str(status)] += 1
        self.guarded.unfinished.pop(self, None)
        self.guarded.idle.pop(self, None)
        body = problem_body(status, detail)
        after = b"retry-after: %d\r\n" % retry_after if retry_after else b""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(
                b"%bcontent-type: %b\r\ncache-control: no-store\r\n%bcontent-length: %d\r\nconnection: close\r\n\r\n%b"
                % (STATUS_LINE[status], PROBLEM_TYPE.encode(), after, len(body), body)
            )
        self.deadline = self.loop.time() + CLOSING_SECONDS
        self.transport.close()

    def abort(self) -> None:
        """Close at once."""
        self.deadline = inf
        self.transport.abort()

    def look(self, now: float) -> None:
        """Close what has had its time."""
        if now < self.deadline:
            return
        if self.transport.is_closing():
            self.abort()
        elif self in self.guarded.idle:
            if self.transport.get_write_buffer_size():
                self.guarded.closed["answer not read"] += 1
                self.abort()
            elif self.timeout_keep_alive_task is None:
                self.transport.close()
            self.deadline = inf
        elif self._coming:
            self.refuse(408, "the request did not come in time")
        else:
            self.guarded.closed["answer too slow"] += 1
            self.abort()

    def _forget_body(self) -> None:
        self.guarded.bodies_bytes -= self._body_bytes
        self._body_bytes = 0
