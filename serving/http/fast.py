"""The plainest request for a list, answered without FastAPI's reading of parameters, which costs more than the list.

This route stands before the documented one, takes only what that one would answer in the same way (no filter, a limit
that is in range), and leaves everything else to it, errors included. A test holds the two equal.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from pipelines.people.identity import LONGEST_USER_ID

PREFIX = "/recommendations/"
OTHERS = ("me", "batch")
"""What stands in a user_id's place without being one."""
QUERY = re.compile(rb"(?:limit=([1-9][0-9]?|100))?\Z")
DEFAULT_LIMIT = 10

Answer = Callable[[Request, str, int], Awaitable[Response]]


class PlainListRoute(BaseRoute):
    """``GET /recommendations/{user_id}`` with nothing or a good limit after it."""

    def __init__(self, answer: Answer) -> None:
        self.path = f"{PREFIX}{{user_id}}"
        self._answer = answer

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether this is a request that needs no more reading."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        path: str = scope["path"]
        if not path.startswith(PREFIX) or scope.get("root_path"):
            return Match.NONE, {}
        user_id = path[len(PREFIX) :]
        query = QUERY.match(scope["query_string"])
        if query is None or "/" in user_id or user_id in OTHERS or not 0 < len(user_id) <= LONGEST_USER_ID:
            return Match.NONE, {}
        limit = int(query[1]) if query[1] else DEFAULT_LIMIT
        return Match.FULL, {"route": self, "path_params": {"user_id": user_id, "limit": limit}}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it."""
        asked = scope["path_params"]
        response = await self._answer(Request(scope, receive), asked["user_id"], asked["limit"])
        await response(scope, receive, send)
