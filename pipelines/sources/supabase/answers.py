"""What the Data API's answers mean: rows, a reason to ask again, or an error that says what ends it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.settings_sections import SupabaseSettings
from pipelines.sources.http import RETRIED_STATUS, Reply, TryAgainError, plain
from pipelines.sources.supabase.errors import explain, missing_column
from warehouse.errors import ConfigError, PlaybillError, SourceFormatError

Row = dict[str, Any]

MISSING_COLUMN = ("42703", "PGRST204")


@dataclass(frozen=True)
class Page:
    """Rows of one answer.

    Attributes
    ----------
    rows : list of dict
    clock : datetime, optional
        The server's own clock when it answered.
    total : int, optional
        Rows that match the question, where the server says so.
    """

    rows: list[Row]
    clock: datetime | None
    total: int | None


class NoColumnError(PlaybillError):
    """The table has no column of that name."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


class Judging:
    """Tells what a reply means.

    Parameters
    ----------
    base : str
        The project's address, for messages.
    """

    def __init__(self, base: str, settings: SupabaseSettings) -> None:
        self._base, self._settings = base, settings

    def __call__(self, reply: Reply) -> Page:
        """Return the rows.

        Raises
        ------
        TryAgainError
            If asking again may help.
        ConfigError, SourceError
            If it does not; the message says what does.
        """
        if reply.is_success:
            return Page(read_rows(reply), reply.date, total_rows(reply))
        code, message = problem(reply)
        if code in MISSING_COLUMN and (column := missing_column(message)):
            raise NoColumnError(column, str(explain(code, message, self._settings)))
        refusal = explain(code, message, self._settings)
        if refusal is not None:
            raise refusal
        if reply.status in (401, 403):
            raise ConfigError(
                f"Supabase refuses the key ({message or reply.status}); set SUPABASE_SECRET_KEY to the project's "
                "secret key (sb_secret_…), or SUPABASE_SERVICE_ROLE_KEY to an older project's service_role key"
            )
        if reply.status == 404:
            raise ConfigError(f"nothing at {self._base}/rest/v1 answers as Supabase's Data API; check SUPABASE_URL")
        if reply.status not in RETRIED_STATUS:
            raise SourceFormatError(f"Supabase answered {reply.status} {code or ''}: {message}")
        detail = f" ({code}: {message})" if code else ""
        raise TryAgainError.after(reply.status, reply.headers, f"the server answered {reply.status}{detail}")


def read_rows(reply: Reply) -> list[Row]:
    """Return the rows of an answer; one that is no JSON list came from something in between, and is tried again.

    Values that JSON knows but no column holds (NaN, numbers without end) are None, so that they cost one row only.
    """
    try:
        rows = json.loads(
            reply.content.decode("utf-8", errors="replace"), parse_constant=lambda name: None, parse_int=_integer
        )
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TryAgainError("the answer is no list of rows; is a proxy in between?")
    return rows


def problem(reply: Reply) -> tuple[str | None, str]:
    """Return code and message of an error answer, both empty where it is a proxy's page."""
    try:
        body = reply.json()
    except ValueError:
        return None, ""
    if not isinstance(body, dict):
        return None, ""
    code = plain(str(body.get("code") or ""))[:20]
    return code or None, plain(str(body.get("message") or "")[:1000])


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < 40 else None


def total_rows(reply: Reply) -> int | None:
    """Return how many rows match the question, of which this answer is the first part; None if it does not say."""
    total = reply.headers.get("Content-Range", "").rpartition("/")[2]
    return int(total) if total.isascii() and total.isdigit() and len(total) < 16 else None
