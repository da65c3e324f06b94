"""What can go wrong: the API refuses, answers something else, or does not answer."""

from __future__ import annotations

from typing import Any


class PlaybillClientError(Exception):
    """Anything that a call of the client raises."""


class PlaybillApiError(PlaybillClientError):
    """The API answered something else than what was asked for.

    Attributes
    ----------
    status : int
    detail : str
        The problem object's sentence.
    errors : list of dict
        What is wrong with the request, place by place; empty where the API says nothing more.
    request_id : str
        Names the request in the server's log.
    retry_after_seconds : int or None
        When to try again, after 429 and 503.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        request_id: str = "",
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail, self.errors = status, detail, errors or []
        self.request_id, self.retry_after_seconds = request_id, retry_after_seconds


class PlaybillUnreachableError(PlaybillClientError):
    """The API did not answer in time, or not at all."""
