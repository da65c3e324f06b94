"""Lines of interaction logs: what is taken, and why the rest is not; whatever the bytes, one or the other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.settings_sections import EventFields, EventSettings
from pipelines.sources.events.lines import BadLineError, Event, EventReader

LANDED_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
READER = EventReader(EventSettings(), LANDED_AT)
GOOD: dict[str, Any] = {"user_id": "bob", "movie_id": 603, "event": "like", "timestamp": "2026-01-02T03:04:05Z"}


def parse(**changed: Any) -> Event:
    record = {key: value for key, value in {**GOOD, **changed}.items() if value is not ...}
    return READER.line(json.dumps(record).encode())


def test_a_good_line() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert parse() == Event("ev_bob", 603, None, None, "like", when, None)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("ml_1", "ml_1"),
        ("ml_01", "ev_ml_01"),
        ("ev_42", "ev_42"),
        ("sample_10", "sample_10"),
        (17, "ev_17"),
        (" x ", "ev_x"),
    ],
)
def test_users(user: str | int, name: str) -> None:
    assert parse(user_id=user).user_id == name


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2026-01-01T00:00:00+02:00", 1767218400),
        ("2026-01-01 00:00:00", 1767225600),
        ("2026-01-01T00:00:00.123456789Z", 1767225600.123456),
        (1767225600, 1767225600),
        (1767225600.5, 1767225600.5),
        (1767225600123, 1767225600.123),
    ],
)
def test_times(time: str | float, seconds: float) -> None:
    assert parse(timestamp=time).happened_at.timestamp() == pytest.approx(seconds, abs=1e-6)


def test_films() -> None:
    assert parse(movie_id=..., tmdb_id="603").tmdb_id == 603
    assert parse(movie_id=..., imdb_id="tt133093").imdb_id == "tt0133093"
    assert parse(movie_id=..., movielens_id=2571).movielens_id == 2571
    assert parse(tmdb_id=603)[1:4] == (603, None, None)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"user_id": ...}, "user_id is missing"),
        ({"user_id": ""}, "user_id is empty"),
        ({"user_id": True}, "user_id is missing or no text"),
        ({"user_id": "a\nb"}, "unprintable"),
        ({"user_id": "x" * 201}, "too long"),
        ({"movie_id": ...}, "no film"),
        ({"movie_id": None}, "no film"),
        ({"movie_id": 0}, "movie_id is not a whole number above 0"),
        ({"movie_id": 1.5}, "movie_id is not"),
        ({"movie_id": True}, "movie_id is not"),
        ({"movie_id": 2**31}, "movie_id is not"),
        ({"tmdb_id": 604}, "movie_id and tmdb_id differ"),
        ({"imdb_id": "nm0000206"}, "imdb_id is not"),
        ({"event": "love"}, "event is missing or unknown"),
        ({"event": ["like"]}, "event is missing or unknown"),
        ({"timestamp": ...}, "timestamp is missing"),
        ({"timestamp": "yesterday"}, "timestamp is not an ISO 8601 time"),
        ({"timestamp": -1}, "timestamp is outside"),
        ({"timestamp": "2526-01-01T00:00:00Z"}, "timestamp is outside"),
        ({"event": "rating"}, "value of a rating"),
        ({"event": "rating", "value": 5.5}, "value of a rating"),
        ({"value": "much"}, "value is not a number"),
    ],
)
def test_reasons(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadLineError, match=reason):
        parse(**changed)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[1]", "not a JSON object"),
        (b'{"user_id": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"user_id": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b'{"user_id": "\\ud800", "movie_id": 1}', "user_id is missing|unprintable|event"),
    ],
)
def test_lines_that_are_no_events(line: bytes, reason: str) -> None:
    with pytest.raises(BadLineError, match=reason):
        READER.line(line)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (datetime(2026, 11, 21, 11, 59, tzinfo=UTC), datetime(2026, 11, 21, 11, 59, tzinfo=UTC)),
        (datetime(2026, 11, 21, 12, 5, tzinfo=UTC), LANDED_AT),  # a clock that is ahead
        (datetime(2026, 11, 22, 12, tzinfo=UTC), LANDED_AT),
    ],
)
def test_no_event_is_later_than_its_landing(given: datetime, taken: datetime) -> None:
    assert parse(timestamp=given.isoformat()).happened_at == taken


@pytest.mark.parametrize("time", ["2026-11-22T12:00:01Z", "2099-01-01T00:00:00Z", 4_070_908_800])
def test_a_time_in_the_future_says_nothing(time: str | int) -> None:
    with pytest.raises(BadLineError, match="timestamp is in the future"):
        parse(timestamp=time)


RENAMED = EventReader(
    EventSettings(
        fields=EventFields(user_id="user.id", movie_id="item_id", event="event_type"), names={"watched": "view"}
    ),
    LANDED_AT,
)


def test_a_log_with_names_of_its_own() -> None:
    record = {"user": {"id": 5}, "item_id": 603, "event_type": "watched", "timestamp": 1767225600, "movie_id": 4}
    assert RENAMED.event(record)[:5] == ("ev_5", 603, None, None, "view")
    # what the API's feedback writes is in Playbill's own names
    assert RENAMED.event(GOOD)[:5] == ("ev_bob", 603, None, None, "like")
    with pytest.raises(BadLineError, match="no film"):  # the log's own movie_id is something else
        RENAMED.event({name: value for name, value in record.items() if name != "item_id"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("user_id", "movie_id", "tmdb_id", "movielens_id", "imdb_id", "event", "timestamp", "value")
LIKELY = {
    "user_id": st.sampled_from(["bob", 3, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "\ud800", "", "x\u0000"]),
    "event": st.sampled_from(["like", "rating", "view", "no"]),
    "timestamp": st.floats() | st.integers() | st.datetimes().map(str) | st.text(max_size=8),
    "value": st.floats() | st.integers(),
    "movie_id": st.integers() | st.integers(1, 100_000),
}
RECORDS = st.fixed_dictionaries({}, optional={name: LIKELY.get(name, JSON) | JSON for name in FIELDS})
LINES = (
    st.binary(max_size=80) | JSON.map(lambda v: json.dumps(v).encode()) | RECORDS.map(lambda v: json.dumps(v).encode())
)


@given(LINES)
@example(b'{"user_id": 1e999, "movie_id": 1}')
@example(b'{"user_id":"a","movie_id":1,"event":"like","timestamp":1e308}')
def test_every_line_is_an_event_or_has_a_reason(line: bytes) -> None:
    try:
        event = READER.line(line)
    except BadLineError as error:
        assert str(error)
        assert len(str(error)) < 80  # a reason is a kind of mistake, never the line itself
    else:
        event.user_id.encode("utf-8")
        assert event.event in (*EventSettings().rules, "rating")
        assert sum(film is not None for film in (event.tmdb_id, event.movielens_id, event.imdb_id)) >= 1
        assert 0 <= event.happened_at.timestamp() <= LANDED_AT.timestamp()
