"""Errors as RFC 9457 problem details: one shape for every path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

PROBLEM_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the standard's word
    """An answer that is not what was asked for.

    Attributes
    ----------
    status : int
    detail : str
        A sentence for the caller's developer; never repeats a secret.
    extra : dict
        More members of the problem object.
    """

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, extra: dict[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers = dict(headers or {})
        self.extra = extra or {}


def problem_body(status: int, detail: str, **extra: Any) -> bytes:
    """Return a problem object as JSON."""
    title = HTTPStatus(status).phrase
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}).encode()


def problem_response(problem: Problem) -> Response:
    """Return the answer for a problem; it is never stored by a cache."""
    headers = {"Cache-Control": "no-store", **problem.headers}
    body = problem_body(problem.status, problem.detail, **problem.extra)
    return Response(body, problem.status, headers, media_type=PROBLEM_TYPE)


def no_release() -> Problem:
    """Return the problem of an API that has nothing to serve yet."""
    return Problem(503, "no release has been published yet; run `playbill run` first", headers={"Retry-After": "5"})
