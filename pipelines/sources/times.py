"""The one reader of times as text: ISO 8601 and Postgres's own spelling of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

LONGEST = 64
FRACTION = re.compile(r"\.(\d+)")


def parse_time(text: str) -> datetime:
    """Read a time; one without a zone is UTC.

    >>> parse_time("2026-01-01 02:00:00.5+02")
    datetime.datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=datetime.timezone.utc)

    Raises
    ------
    ValueError
        If it is none, or lies outside the years 1 to 9999 (``infinity``, ``0044-03-15 BC``).
    """
    whole = str(text).strip()[:LONGEST]
    micros = FRACTION.sub(lambda match: "." + match.group(1)[:6].ljust(6, "0"), whole)
    try:
        moment = datetime.fromisoformat(micros.replace("Z", "+00:00").replace("z", "+00:00"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("time cannot be read") from None
