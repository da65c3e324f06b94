"""One line of an interaction log: an event that can be used, or the reason why it cannot. Nothing else, ever."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pipelines.people.identity import of_log

RATING = "rating"
INT32_MAX = 2**31 - 1
EARLIEST, LATEST = 0, 4_102_444_800
"""1970 to 2100, in seconds; a later time is a unit mistake."""
MILLISECONDS_FROM = 100_000_000_000
"""A number of seconds this large is one of milliseconds: 100 billion seconds are the year 5138."""
IMDB = re.compile(r"^(?:tt)?(\d{1,10})$")
FRACTION = re.compile(r"\.(\d+)")


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


def parse_line(line: bytes, kinds: Collection[str], *, longest: int = 1_048_576) -> Event:
    """Read one line.

    Parameters
    ----------
    line : bytes
        Without its newline.
    kinds : collection of str
        Events that are known besides ``rating``.
    longest : int
        Bytes that a line may have.

    Raises
    ------
    BadLineError
        With the reason.
    """
    if len(line) > longest:
        raise BadLineError("line is too long")
    record = _record(line)
    tmdb_id, movielens_id, imdb_id = _film(record)
    event = record.get("event")
    if not isinstance(event, str) or (event != RATING and event not in kinds):
        raise BadLineError("event is missing or unknown")
    value = _value(record.get("value"), event)
    return Event(
        _user_id(record.get("user_id")), tmdb_id, movielens_id, imdb_id, event, _time(record.get("timestamp")), value
    )


def _record(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise BadLineError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise BadLineError("not JSON") from None
    if not isinstance(found, dict):
        raise BadLineError("not a JSON object")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _user_id(value: Any) -> str:
    try:
        return of_log(value)
    except ValueError as error:
        raise BadLineError(str(error)) from None


def _film(record: dict[str, Any]) -> tuple[int | None, int | None, str | None]:
    given = {
        key: record[key] for key in ("movie_id", "tmdb_id", "movielens_id", "imdb_id") if record.get(key) is not None
    }
    if not given:
        raise BadLineError("no film: movie_id, tmdb_id, movielens_id or imdb_id is needed")
    tmdb = {_whole(given[key], key) for key in ("movie_id", "tmdb_id") if key in given}
    if len(tmdb) > 1:
        raise BadLineError("movie_id and tmdb_id differ")
    movielens = _whole(given["movielens_id"], "movielens_id") if "movielens_id" in given else None
    imdb = None
    if "imdb_id" in given:
        found = IMDB.match(str(given["imdb_id"])) if isinstance(given["imdb_id"], str | int) else None
        if not found or isinstance(given["imdb_id"], bool):
            raise BadLineError("imdb_id is not tt and digits")
        imdb = f"tt{int(found.group(1)):07d}"
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


def _time(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadLineError("timestamp is missing or no time")
    seconds: float
    if isinstance(value, str):
        text = FRACTION.sub(lambda m: "." + m.group(1)[:6].ljust(6, "0"), value.strip()[:64])
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
            seconds = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()
        except (ValueError, OverflowError):
            raise BadLineError("timestamp is not an ISO 8601 time") from None
    else:
        if not abs(value) < 1e18 or not math.isfinite(value):
            raise BadLineError("timestamp is outside 1970-2100")
        seconds = value / 1000 if value >= MILLISECONDS_FROM else value
    if not EARLIEST <= seconds < LATEST:
        raise BadLineError("timestamp is outside 1970-2100")
    return datetime.fromtimestamp(seconds, UTC)
