"""Rows of the app's table of ratings: what is right becomes Arrow, what is not is kept aside with its reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa

from pipelines.people.identity import LONGEST_ID, NO_ID, of_app
from pipelines.sources.times import parse_time
from warehouse.changes import INCOMING
from warehouse.quarantine import Quarantine

INT32_MAX = 2**31 - 1
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=1)
"""How far a row's time may be ahead of the server's clock: rows are written while they are read."""
UNREADABLE_TIME = "time cannot be read"


@dataclass
class Read:
    """What a read brought.

    Attributes
    ----------
    rows : pyarrow.Table, INCOMING
    watermark : datetime, optional
        The newest change that is surely in it, never ahead of the server's clock; None where the table has no
        updated_at and id.
    complete : bool
        Whether it is the whole table.
    given : int
        Rows that the server gave, those read twice for the overlap included.
    """

    rows: pa.Table
    watermark: datetime | None
    complete: bool
    given: int


class RatingsTable(Protocol):
    """The app's table, whichever way it is read."""

    @property
    def target(self) -> str:
        """Which table and columns are read, without any secret; another target begins with a full read."""

    def read(self, since: datetime | None, aside: Quarantine) -> Read:
        """Read what changed since a moment, or all when it is None or the table has no updated_at and id."""


class RowParser:
    """Collects rows of dictionaries as Arrow tables, 0.5-5.0 stars and whole TMDB ids only.

    Parameters
    ----------
    columns : mapping of str to str
        The table's own column names, by field.
    now : datetime
        The server's clock when the read began.
    aside : Quarantine
        Takes the rows that cannot be used.
    """

    def __init__(self, columns: Mapping[str, str], now: datetime, aside: Quarantine) -> None:
        self._columns, self._latest, self._aside = columns, now + AHEAD, aside
        self._tables: list[pa.Table] = []
        self.given = 0

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take a page of rows, keyed by the table's own column names."""
        good: list[tuple[Any, ...]] = []
        for row in rows:
            self.given += 1
            try:
                good.append(self._parse(row))
            except (ValueError, OverflowError) as error:
                self._aside.add("supabase", self.given, str(error), _shown(row))
        columns = list(zip(*good, strict=True)) or [()] * len(INCOMING)
        arrays = [pa.array(values, type=kind.type) for values, kind in zip(columns, INCOMING, strict=True)]
        self._tables.append(pa.table(arrays, schema=INCOMING))

    def table(self) -> pa.Table:
        """Return all good rows so far."""
        return pa.concat_tables([INCOMING.empty_table(), *self._tables])

    def _parse(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        name = self._columns
        values = [row.get(name[key]) for key in ("updated_at", "created_at") if key in name]
        moments = [parse_time(value) for value in values if value is not None]
        # a time that cannot be is not known: the rating counts all the same
        usable = (moment for moment in moments if EARLIEST <= moment <= self._latest)
        return (
            user_of(row.get(name["user_id"])),
            whole(row.get(name["movie_id"])),
            stars(row.get(name["rating"])),
            next(usable, None),
            _row_id(row.get(name["id"])) if "id" in name else None,
        )


def _checked(reason: str, test: Callable[[Any], bool], value: Any) -> Any:
    if not test(value):
        raise ValueError(reason)
    return value


def _row_id(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value) if isinstance(value, str | int) else ""
    return str(_checked("id is no text or number", lambda t: 0 < len(t) <= LONGEST_ID and t.isprintable(), text))


def user_of(value: Any) -> str:
    """Return the user id of somebody in the table; text that was no UTF-8 names nobody."""
    if isinstance(value, str) and "\ufffd" in value:
        raise ValueError(NO_ID)
    return of_app(value)


def whole(value: Any) -> int:
    """Return a TMDB id."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0
    result: int = _checked("movie_id is not a TMDB id", lambda n: 0 < n <= INT32_MAX, number)
    return result


def stars(value: Any) -> float:
    """Return a rating of 0.5-5.0 stars; PostgREST may send a numeric as text."""
    if isinstance(value, bool):
        raise ValueError("rating is not a number")  # noqa: TRY004 - a reason in the quarantine
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("rating is not a number") from None
    _checked("rating is outside 0.5-5.0", lambda n: math.isfinite(n) and 0.5 <= n <= 5.0, number)
    return number


def _shown(row: Mapping[str, Any]) -> str:
    try:
        return str(dict(row))
    except (ValueError, RecursionError):
        return "a row that cannot be shown"
