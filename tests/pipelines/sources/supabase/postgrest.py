"""A table behind PostgREST, as much of it as the reader meets, for `httpx.MockTransport`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx

Row = dict[str, Any]
KEYSET = re.compile(r'^\((\w+)\.gt\."(.*)",and\(\1\.eq\."(.*)",(\w+)\.gt\."(.*)"\)\)$')


class Table:
    """Rows and how they are answered; ``before`` may answer a request in their place."""

    def __init__(self, rows: list[Row], *, max_rows: int = 1000, key: str = "sb_secret_test") -> None:
        self.rows, self.max_rows, self.key = rows, max_rows, key
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
        query = dict(request.url.params)
        columns = query.pop("select").split(",")
        for column in columns:
            if self.rows and column not in self.rows[0]:
                return refusal(400, "42703", f"column ratings.{column} does not exist")
        limit = min(int(query.pop("limit")), self.max_rows)
        order = [part.split(".") for part in query.pop("order", "").split(",") if part]
        found = [row for row in self.rows if all(meets(row, name, test) for name, test in query.items())]
        for name, way in reversed(order):
            found.sort(key=lambda row: row[name], reverse=way == "desc")
        found = found[:limit]
        self.given += len(found)
        return httpx.Response(200, json=[{name: row[name] for name in columns} for row in found])


def meets(row: Row, name: str, test: str) -> bool:
    if name == "or":
        match = KEYSET.match(test)
        assert match, test
        first, value, same, second, after = match.groups()
        assert value == same
        return bool((row[first], row[second]) > (like(row[first], value), like(row[second], after)))
    if test == "not.is.null":
        return row[name] is not None
    operator, _, value = test.partition(".")
    assert operator in ("gt", "gte")
    wanted = like(row[name], value)
    return bool(row[name] > wanted if operator == "gt" else row[name] >= wanted)


def like(sample: Any, text: str) -> Any:
    return int(text) if isinstance(sample, int) else text


def refusal(status: int, code: str | None, message: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "details": None, "hint": None, "message": message})
