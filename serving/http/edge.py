"""What happens to every request before and after its route: limits, an id, headers, one log line, one count."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.exposure import is_loopback
from serving.http.errors import Problem, problem_response
from serving.http.limits import host_name
from serving.metrics import Metrics

log = logging.getLogger(__name__)

MAX_QUERY_BYTES = 8_192
MAX_HEADER_BYTES = 32_768
REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{1,64}$")
SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-site"),
]
STRICT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
DOCS = (
    b"content-security-policy",
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; "
    b"frame-ancestors 'none'",
)
DOCS_PATHS = ("/docs", "/redoc")


class Edge:
    """ASGI middleware around the whole application; plain functions, because it runs for every request."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, max_body_bytes: int, access_log: bool, loopback_only: bool
    ) -> None:
        self._app, self._metrics, self._loopback_only = app, metrics, loopback_only
        self._max_body, self._access_log = max_body_bytes, access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        request_id, refused = self._look_at(headers, scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        policy = DOCS if scope["path"] in DOCS_PATHS else STRICT
        status = 0
        method = scope["method"]
        if method == "HEAD":  # the answer to GET, of which the body is left out below
            scope = {**scope, "method": "GET"}

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                more = state.get("more_headers", ())
                message["headers"] = [
                    *message["headers"], *more, *SECURITY, policy, (b"x-request-id", request_id.encode()),
                ]  # fmt: skip
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            if refused is not None:
                await problem_response(refused)(scope, receive, send_on)
            else:
                await self._app(scope, self._limited(receive), send_on)
        except Exception:
            log.exception("request failed id=%s route=%s", request_id, route_of(scope))
            if status:
                raise
            problem = Problem(
                500, "something went wrong here; the request id names it", extra={"request_id": request_id}
            )
            await problem_response(problem)(scope, receive, send_on)
        finally:
            self._record(method, scope, status, time.perf_counter() - started, request_id)

    def _look_at(self, headers: list[tuple[bytes, bytes]], scope: Scope) -> tuple[str, Problem | None]:
        """Return the request's id, and a refusal if it is too large in any way."""
        request_id, length, size, elsewhere = b"", b"", 0, False
        for name, value in headers:
            size += len(name) + len(value)
            if name == b"x-request-id":
                request_id = value
            elif name == b"content-length":
                length = value
            elif name == b"host" and self._loopback_only and not is_loopback(host_name(value)):
                elsewhere = True
        known = request_id.decode() if REQUEST_ID.match(request_id) else secrets.token_hex(8)
        if elsewhere:
            # a page elsewhere may let its own name point here, and read what is open to this machine
            return known, Problem(421, "this API is open to this machine only; ask for it as localhost or 127.0.0.1")
        if size > MAX_HEADER_BYTES:
            return known, Problem(431, f"request headers may have {MAX_HEADER_BYTES} bytes")
        if len(scope["query_string"]) > MAX_QUERY_BYTES:
            return known, Problem(414, f"a query may have {MAX_QUERY_BYTES} bytes; use POST /recommend for more")
        if length.isdigit() and int(length) > self._max_body:
            return known, Problem(413, f"a request body may have {self._max_body} bytes")
        return known, None

    def _limited(self, receive: Receive) -> Receive:
        """Count a body that comes in pieces, whose length nobody declared."""
        seen = 0

        async def receive_some() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_body:
                # the one exception that FastAPI passes on while it reads a body
                raise HTTPException(413, f"a request body may have {self._max_body} bytes")
            return message

        return receive_some

    def _record(self, method: str, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = route_of(scope)
        self._metrics.answered(route, status, seconds)
        if self._access_log:
            log.info(
                "request done method=%s route=%s status=%d ms=%.1f id=%s",
                method if method in METHODS else "other", route, status, seconds * 1000, request_id,
            )  # fmt: skip


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_of(scope: MutableMapping[str, Any]) -> str:
    """Return the route's template, never the path: a path may name a person."""
    route = scope.get("route")
    return str(getattr(route, "path", "none"))
