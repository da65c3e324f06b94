"""Rows of the app's table of ratings: what is right becomes Arrow, what is not is kept aside with its reason."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import pyarrow as pa

from warehouse.changes import INCOMING

INT32_MAX = 2**31 - 1
LONGEST_ID = 200
FRACTION = re.compile(r"\.(\d+)")
BadRow = tuple[str, int, str, str]
"""(file, line, reason, text)."""


@dataclass
class Read:
    """What a read brought.

    Attributes
    ----------
    rows : pyarrow.Table, INCOMING
    watermark : datetime, optional
        The newest change that is surely in it; None where the table has no updated_at.
    complete : bool
        Whether it is the whole table.
    given : int
        Rows that the server gave, those read twice for the overlap included.
    bad : list of BadRow
    """

    rows: pa.Table
    watermark: datetime | None
    complete: bool
    given: int
    bad: list[BadRow] = field(default_factory=list)


class RatingsTable(Protocol):
    """The app's table, whichever way it is read."""

    @property
    def target(self) -> str:
        """Which table and columns are read, without any secret; another target begins with a full read."""

    def read(self, since: datetime | None) -> Read:
        """Read what changed since a moment, or all when it is None or the table has no updated_at and id."""


class RowParser:
    """Collects rows of dictionaries as Arrow tables, 0.5-5.0 stars and whole TMDB ids only."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._tables: list[pa.Table] = []
        self.bad: list[BadRow] = []
        self.given = 0

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take a page of rows, keyed by the table's own column names."""
        good: list[tuple[Any, ...]] = []
        for row in rows:
            self.given += 1
            try:
                good.append(self._parse(row))
            except (ValueError, OverflowError) as error:
                self.bad.append(("supabase", self.given, str(error), str(dict(row))[:500]))
        columns = list(zip(*good, strict=True)) or [()] * len(INCOMING)
        arrays = [pa.array(values, type=kind.type) for values, kind in zip(columns, INCOMING, strict=True)]
        self._tables.append(pa.table(arrays, schema=INCOMING))

    def table(self) -> pa.Table:
        """Return all good rows so far."""
        return pa.concat_tables([INCOMING.empty_table(), *self._tables])

    def _parse(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        name = self._columns
        times = [parse_time(row[name[key]]) for key in ("updated_at", "created_at") if row.get(name.get(key, ""))]
        row_id = row.get(name["id"]) if name.get("id") else None
        return (
            user(row.get(name["user_id"])),
            whole(row.get(name["movie_id"])),
            stars(row.get(name["rating"])),
            times[0] if times else None,
            None if row_id is None else str(row_id),
        )


def _checked(what: str, test: Callable[[Any], bool], value: Any) -> Any:
    if not test(value):
        raise ValueError(f"{what}")
    return value


def user(value: Any) -> str:
    """Return a user id as text; a UUID in lower case."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    _checked("user_id is empty or too long", lambda t: 0 < len(t) <= LONGEST_ID, text)
    return text.lower() if re.fullmatch(r"[0-9a-fA-F-]{36}", text) else text


def whole(value: Any) -> int:
    """Return a TMDB id."""
    number = int(value) if isinstance(value, int | str) and str(value).isdecimal() and len(str(value)) < 12 else 0
    result: int = _checked("movie_id is not a TMDB id", lambda n: 0 < n <= INT32_MAX, number)
    return result


def stars(value: Any) -> float:
    """Return a rating of 0.5-5.0 stars; PostgREST may send a numeric as text."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError("rating is not a number") from None
    _checked("rating is outside 0.5-5.0", lambda n: math.isfinite(n) and 0.5 <= n <= 5.0, number)
    return number


def parse_time(value: str) -> datetime:
    """Read Postgres's timestamps; one without a zone is UTC."""
    text = FRACTION.sub(lambda m: "." + m.group(1)[:6].ljust(6, "0"), str(value).strip().replace("Z", "+00:00"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("time cannot be read") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
