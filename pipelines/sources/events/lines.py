"""One line of an interaction log: an event that can be used, or the reason why it cannot. Nothing else, ever."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pipelines.people.identity import of_log
from pipelines.settings_sections import EventSettings
from pipelines.sources.times import parse_time

RATING = "rating"
SHOWN = "shown"
"""What the exposure log writes: a film was on a list that was given. It says nothing of anybody's taste."""
INT32_MAX = 2**31 - 1
EARLIEST, LATEST = 0, 4_102_444_800
"""1970 to 2100, in seconds; a later time is a unit mistake."""
MILLISECONDS_FROM = 100_000_000_000
"""A number of seconds this large is one of milliseconds: 100 billion seconds are the year 5138."""
IMDB = re.compile(r"^(?:tt)?(\d{1,10})$")
SLACK = timedelta(days=1)
"""How far a clock may be ahead; further, its times say nothing."""
FILM_FIELDS = ("movie_id", "tmdb_id", "movielens_id", "imdb_id")


class Event(NamedTuple):
    """One usable line, in the order of the landed columns."""

    user_id: str
    tmdb_id: int | None
    movielens_id: int | None
    imdb_id: str | None
    event: str
    happened_at: datetime
    value: float | None


class BadLineError(ValueError):
    """The line cannot be used; the message is the reason, without anything of the line."""


class EventReader:
    """The one rule of what is taken as an event: for logs, and for whoever writes one.

    Parameters
    ----------
    settings : EventSettings
        Which events there are, and what the log calls its fields and events.
    landed_at : datetime
        When it lands: a time up to `SLACK` later is of a clock that is ahead, and becomes this one.
    """

    def __init__(self, settings: EventSettings, landed_at: datetime) -> None:
        self._rules, self._names, self._landed_at = settings.rules, settings.names, landed_at
        self._renamed = {own: path for own, path in settings.fields if path != own}

    def line(self, line: bytes, *, whole: bool = True) -> Event:
        """Read one line, given without its newline; one that was cut, as it is too long, is none.

        Raises
        ------
        BadLineError
            With the reason.
        """
        if not whole:
            raise BadLineError("line is too long")
        return self.event(_record(line))

    def event(self, record: Mapping[str, Any]) -> Event:
        """Read one record.

        Raises
        ------
        BadLineError
            With the reason.
        """
        fields = self._fields(record)
        tmdb_id, movielens_id, imdb_id = _film(fields)
        event = fields.get("event")
        event = self._names.get(event, event) if isinstance(event, str) else None
        if event is None or (event not in (RATING, SHOWN) and event not in self._rules):
            raise BadLineError("event is missing or unknown")
        value = _value(fields.get("value"), event)
        user_id = _user_id(fields.get("user_id"))
        moment = _time(fields.get("timestamp"), self._landed_at)
        return Event(user_id, tmdb_id, movielens_id, imdb_id, event, moment, value)

    def _fields(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record by Playbill's names; one that has none of the renamed fields is written in them."""
        if not self._renamed:
            return record
        given = {own: _at(record, path) for own, path in self._renamed.items()}
        return record if all(value is None for value in given.values()) else {**record, **given}


def _at(record: Mapping[str, Any], path: str) -> Any:
    """Return the value of a field, or of a field in a field (``properties.movie_id``); None without it."""
    if path in record:
        return record[path]
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise BadLineError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise BadLineError("not JSON") from None
    if not isinstance(record, dict):
        raise BadLineError("not a JSON object")
    return record


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _user_id(value: Any) -> str:
    try:
        return of_log(value)
    except ValueError as error:
        raise BadLineError(str(error)) from None


def _film(fields: Mapping[str, Any]) -> tuple[int | None, int | None, str | None]:
    given = {key: fields[key] for key in FILM_FIELDS if fields.get(key) is not None}
    if not given:
        raise BadLineError("no film: movie_id, tmdb_id, movielens_id or imdb_id is needed")
    tmdb = {_whole(given[key], key) for key in ("movie_id", "tmdb_id") if key in given}
    if len(tmdb) > 1:
        raise BadLineError("movie_id and tmdb_id differ")
    movielens = _whole(given["movielens_id"], "movielens_id") if "movielens_id" in given else None
    imdb = None
    if "imdb_id" in given:
        number = IMDB.match(str(given["imdb_id"])) if isinstance(given["imdb_id"], str | int) else None
        if not number or isinstance(given["imdb_id"], bool):
            raise BadLineError("imdb_id is not tt and digits")
        imdb = f"tt{int(number.group(1)):07d}"
    return (tmdb.pop() if tmdb else None), movielens, imdb


def _whole(value: Any, key: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= INT32_MAX:
        raise BadLineError(f"{key} is not a whole number above 0")
    return value


def _value(value: Any, event: str) -> float | None:
    number = None
    if not isinstance(value, bool) and isinstance(value, int | float) and abs(value) < 1e30:
        number = float(value)
    if event == RATING:
        if number is None or not 0.5 <= number <= 5.0:
            raise BadLineError("value of a rating is not 0.5-5.0 stars")
        return number
    if value is not None and number is None:
        raise BadLineError("value is not a number")
    return number


def _time(value: Any, landed_at: datetime) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadLineError("timestamp is missing or no time")
    seconds: float
    if isinstance(value, str):
        try:
            seconds = parse_time(value).timestamp()
        except ValueError:
            raise BadLineError("timestamp is not an ISO 8601 time") from None
    else:
        if not abs(value) < 1e18 or not math.isfinite(value):
            raise BadLineError("timestamp is outside 1970-2100")
        seconds = value / 1000 if value >= MILLISECONDS_FROM else value
    if not EARLIEST <= seconds < LATEST:
        raise BadLineError("timestamp is outside 1970-2100")
    moment = datetime.fromtimestamp(seconds, UTC)
    if moment > landed_at + SLACK:
        raise BadLineError("timestamp is in the future")
    return min(moment, landed_at)
