"""Of a long history the ratings that weigh most are read."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.people.history import Histories, WeightRule, weigh

# the first person's stars say 3, 1, 2, 2, 2, 0.5; the second has one rating
TWO = Histories.from_columns([0] * 6 + [1], range(7), [3, 1, 2, 2, 2, 0.5, 1], range(7), 2)


def read(most_read: int | None) -> list[float]:
    found: list[float] = (5 * weigh(TWO, WeightRule(most_read=most_read))).tolist()
    return found


def test_the_loudest_are_read_and_among_equals_the_latest() -> None:
    assert np.allclose(read(3), [3, 0, 0, 2, 2, 0, 1])
    assert np.allclose(read(4), [3, 0, 2, 2, 2, 0, 1])


def test_a_history_no_longer_than_that_is_read_whole() -> None:
    assert read(6) == read(None)
    assert np.allclose(read(None), [3, 1, 2, 2, 2, 0.5, 1])


def test_where_all_weigh_alike_the_latest_are_read() -> None:
    many = Histories.single(np.arange(400), np.full(400, 5.0), np.arange(400))
    assert np.flatnonzero(weigh(many, WeightRule(power=0, most_read=150))).tolist() == list(range(250, 400))


def test_histories_that_are_weighed_together_weigh_what_each_does_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    users = np.sort(rng.integers(0, 9, 80))
    people = Histories.from_columns(users, range(80), rng.integers(1, 6, 80), rng.integers(0, 20, 80), 9)
    rule = WeightRule(decay=0.9, floor=0.2, most_read=5)
    whole = weigh(people, rule)
    monkeypatch.setattr("pipelines.people.history.WEIGHED_AT_ONCE", 2)
    np.testing.assert_array_equal(weigh(people, rule), whole)
    assert len(weigh(people.take([]), rule)) == 0
