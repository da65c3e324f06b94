"""A table behind PostgREST, as much of it as the reader meets, for `httpx.MockTransport`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx

from warehouse.quarantine import Quarantine

Row = dict[str, Any]


class Aside(Quarantine):
    """A quarantine without a file."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"), 0, ExitStack())
        self.whys: list[str] = []

    def add(self, file: str, line: int, reason: str, text: str) -> None:
        super().add(file, line, reason, text)
        self.whys.append(reason)


class Table:
    """Rows and how they are answered; ``before`` may answer a request in their place."""

    def __init__(
        self, rows: list[Row], *, max_rows: int = 1000, key: str = "sb_secret_test", clock: datetime | None = None
    ) -> None:
        self.rows, self.max_rows, self.key, self.clock = rows, max_rows, key, clock
        self.requests: list[httpx.Request] = []
        self.given = 0
        self.before: Callable[[httpx.Request, int], httpx.Response | None] = lambda request, number: None

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        instead = self.before(request, len(self.requests))
        if instead is not None:
            return instead
        if request.headers.get("apikey") != self.key:
            return refusal(401, None, "Invalid API key")
        bearer = request.headers.get("Authorization")
        if bearer is not None and self.key.startswith("sb_secret_"):
            return refusal(401, "PGRST301", "Expected 3 parts in JWT; got 1")
        if request.url.path != "/rest/v1/ratings":
            return refusal(404, "PGRST205", f"Could not find the table '{request.url.path}' in the schema cache")
        tests = [(name, test) for name, test in request.url.params.multi_items()]
        query = dict(tests)
        columns = query["select"].split(",")
        for column in columns:
            if self.rows and column not in self.rows[0]:
                return refusal(400, "42703", f"column ratings.{column} does not exist")
        limit = min(int(query["limit"]), self.max_rows)
        order = [part.split(".") for part in query.get("order", "").split(",") if part]
        wanted = [f"{name}.{test}" for name, test in tests if name not in ("select", "limit", "order", "or")]
        wanted += [f"or{test}" for name, test in tests if name == "or"]
        matching = [row for row in self.rows if all(meets(row, test) for test in wanted)]
        for name, way in reversed(order):  # Postgres: NULLs last ascending, first descending
            matching.sort(key=lambda row: (row[name] is None, row[name] or 0), reverse=way == "desc")
        matching = matching[:limit]
        self.given += len(matching)
        headers = {} if self.clock is None else {"Date": format_datetime(self.clock, usegmt=True)}
        return httpx.Response(200, json=[{name: row[name] for name in columns} for row in matching], headers=headers)


def meets(row: Row, test: str) -> bool:
    """Tell whether a row meets ``name.gte."value"``, ``or(…)`` or ``and(…)``; NULL meets nothing but ``is.null``."""
    for word, combine in (("or(", any), ("and(", all)):
        if test.startswith(word):
            return combine(meets(row, part) for part in parts(test[len(word) : -1]))
    name, operator, value = test.split(".", 2)
    if operator == "is":
        assert value == "null"
        return row[name] is None
    if row[name] is None:
        return False
    text = value[1:-1].replace('\\"', '"') if value.startswith('"') else value
    ours, theirs = row[name], int(text) if isinstance(row[name], int) else text
    return bool({"gt": ours > theirs, "gte": ours >= theirs, "lte": ours <= theirs, "eq": ours == theirs}[operator])


def parts(text: str) -> list[str]:
    """Split at the commas that are in no bracket and no quote."""
    found, depth, inside, start = [], 0, False, 0
    for index, sign in enumerate(text):
        inside ^= sign == '"'
        depth += 0 if inside else (sign == "(") - (sign == ")")
        if sign == "," and not depth and not inside:
            found.append(text[start:index])
            start = index + 1
    return [*found, text[start:]]


def refusal(status: int, code: str | None, message: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "details": None, "hint": None, "message": message})
