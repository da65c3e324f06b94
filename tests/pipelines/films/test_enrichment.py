"""When a film is due, which days of changes are read, how coverage is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.films.enrichment import Ages, FieldCoverage, change_spans, changes_since, coverage, oldest_kept, plan
from warehouse.enrichment import KnownFilm

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
AGES = Ages(found_days=150, missing_days=30)


def known(movie_id: int, status: str = "found", *, days: float = 0, attempts: int = 0) -> KnownFilm:
    """Return a film as a run ``days`` ago left it."""
    then = NOW - timedelta(days=days)
    has_facts = status in ("found", "remapped")
    next_try = AGES.next_try(status, then, attempts)
    return KnownFilm(movie_id, status, movie_id if has_facts else None, attempts, then if has_facts else None, next_try)


@pytest.mark.parametrize(
    ("film", "due"),
    [
        (None, True),
        (known(1, days=149.9), False),
        (known(1, days=150), True),
        (known(1, "missing", days=29.9), False),
        (known(1, "missing", days=30), True),
        (known(1, "remapped", days=149), False),
        (known(1, "remapped", days=150), True),
        (known(1, "failed", days=0.5 / 24, attempts=1), False),
        (known(1, "failed", days=1 / 24, attempts=1), True),
        (known(1, "failed", days=3.9 / 24, attempts=2), False),
        (known(1, "failed", days=4 / 24, attempts=2), True),
        (known(1, "failed", days=29.9, attempts=50), False),
        (known(1, "failed", days=30, attempts=50), True),
        (KnownFilm(1, "changed", 1, 0, NOW - timedelta(days=3), NOW), True),
    ],
)
def test_when_a_film_is_due(film: KnownFilm | None, due: bool) -> None:
    assert AGES.is_due(film, NOW) is due


def test_a_shorter_age_holds_for_what_was_fetched_under_a_longer_one() -> None:
    assert not AGES.is_due(known(1, days=100), NOW)
    assert Ages(90, 30).is_due(known(1, days=100), NOW)


def test_a_failed_refresh_waits_for_its_turn_however_old_its_facts_are() -> None:
    failed = KnownFilm(1, "failed", 1, 2, NOW - timedelta(days=170), NOW + timedelta(hours=2))
    assert not AGES.is_due(failed, NOW)


def test_unknown_films_come_first_and_the_order_stays() -> None:
    ledger = {i: known(i, days=days) for i, days in ((10, 200), (20, 10), (30, 160))}
    found = plan([10, 5, 20, 30, 4, 5], ledger, AGES, NOW)
    assert found.due == [5, 4, 10, 30]
    assert found.kept == 1


def test_a_film_with_another_id_brings_that_one_along() -> None:
    moved = KnownFilm(10, "remapped", 99, 0, NOW, NOW + timedelta(days=150))
    assert plan([10], {10: moved}, AGES, NOW).due == [99]
    assert plan([10], {10: moved, 99: known(99, days=1)}, AGES, NOW).due == []


def test_nothing_older_than_six_months_is_kept() -> None:
    assert NOW - oldest_kept(NOW) == timedelta(days=180)


def test_spans_of_changes() -> None:
    day = date(2026, 1, 1)
    assert change_spans(day, day) == [(day, day)]
    assert change_spans(day, date(2026, 1, 15)) == [(day, date(2026, 1, 15))]
    assert change_spans(day, date(2026, 1, 16)) == [
        (day, date(2026, 1, 15)),
        (date(2026, 1, 15), date(2026, 1, 16)),
    ]
    assert change_spans(day, date(2025, 12, 1)) == [(day, day)]  # a clock that was set back


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400))
def test_spans_leave_no_day_out_and_none_is_too_long(since: date, days: int) -> None:
    until = since + timedelta(days=days)
    spans = change_spans(since, until)
    assert spans[0][0] == since
    assert spans[-1][1] == until
    assert all(0 <= (last - first).days <= 14 for first, last in spans)
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def since(*films: KnownFilm, read_days_ago: float | None = None, last_ended: bool = True) -> float | None:
    """Return how many days back the changes are read."""
    read_until = None if read_days_ago is None else NOW - timedelta(days=read_days_ago)
    found = changes_since(films, AGES, NOW, read_until=read_until, last_ended=last_ended)
    return None if found is None else (NOW - found) / timedelta(days=1)


def test_changes_are_read_since_the_last_run_or_the_oldest_fresh_film() -> None:
    assert since() is None
    assert since(known(1, "missing")) is None
    assert since(known(1, days=151)) is None  # it is due whatever changed
    assert since(known(1, days=20), read_days_ago=2) == pytest.approx(2)
    assert since(known(1, days=20), known(2, days=5)) == pytest.approx(20)
    assert since(known(1, days=3), read_days_ago=100) == pytest.approx(3)


def test_a_run_that_goes_on_after_a_cut_does_not_read_today_again() -> None:
    assert since(known(1, days=0.01), last_ended=False) is None
    assert since(known(1, days=50), read_days_ago=0.02, last_ended=False) is None
    assert since(known(1, days=3), last_ended=False) == pytest.approx(3)


def test_coverage_plain_and_weighted() -> None:
    ratings = {1: 6, 2: 3, 3: 1}
    facts = {1: {"title": True, "overview": True}, 3: {"title": True, "overview": False}, 9: {"title": True}}
    assert coverage(ratings, facts, ["title", "overview"]) == [
        FieldCoverage("title", 3, 2, 2 / 3, 0.7),
        FieldCoverage("overview", 3, 1, 1 / 3, 0.6),
    ]
    assert coverage({}, {}, ["title"]) == [FieldCoverage("title", 0, 0, 0.0, 0.0)]
