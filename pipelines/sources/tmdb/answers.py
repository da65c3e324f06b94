"""What TMDB's answers mean: a record, a film that is not there, a refused key, or a reason to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipelines.sources.http import RETRIED_STATUS, Reply, TryAgainError, plain
from warehouse.errors import ConfigError

Body = dict[str, Any]

ABSENT_CODES = (6, 34)
"""TMDB's own codes for a film that is not there (https://developer.themoviedb.org/docs/errors)."""


@dataclass(frozen=True)
class Answer:
    """What TMDB said.

    Attributes
    ----------
    body : dict or None
        The JSON object of a success.
    absent : bool
        Whether TMDB said that there is no such film; neither this nor a body means that asking failed.
    reason : str
        Why there is no body.
    """

    body: Body | None = None
    absent: bool = False
    reason: str = ""


class Judging:
    """Tells what a reply means; ``key_name`` is the setting that a refused key comes from."""

    def __init__(self, key_name: str) -> None:
        self._key_name = key_name

    def __call__(self, reply: Reply) -> Answer:
        """Return the answer.

        Raises
        ------
        ConfigError
            If the key is refused.
        TryAgainError
            If asking again may help.
        """
        status, body = reply.status, _object(reply)
        code = body.get("status_code") if body else None
        message = plain(str(body.get("status_message") or "")[:1000]) if body else ""
        reason = f"{status} {message}".strip() if message else reply.phrase
        if body is not None and status in (401, 403):
            raise ConfigError(f"TMDB refuses the key in {self._key_name} ({reason}); copy it again from your account")
        if body is not None and reply.is_success and body.get("success") is not False:
            return Answer(body)
        if body is not None and code in ABSENT_CODES:
            return Answer(absent=True, reason=reason)
        if reply.is_success or status >= 500 or status in RETRIED_STATUS:
            unusual = "" if body is not None else ", not JSON"
            raise TryAgainError.after(status, reply.headers, f"{reason}{unusual}")
        return Answer(reason=reason)


def film_ids(body: Body) -> list[int]:
    """Return the ids of a list's films; what is no id is passed over."""
    ids = [row.get("id") for row in results(body) if isinstance(row, dict)]
    return [i for i in ids if isinstance(i, int) and not isinstance(i, bool) and 0 < i < 2**31]


def results(body: Body) -> list[Any]:
    """Return the list that a page holds, empty where it holds none."""
    listed = body.get("results")
    return listed if isinstance(listed, list) else []


def last_page(body: Body) -> int:
    """Return how many pages a list has, 1 where it does not say."""
    pages = body.get("total_pages")
    return pages if isinstance(pages, int) and not isinstance(pages, bool) else 1


def _object(reply: Reply) -> Body | None:
    try:
        body = reply.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
