from __future__ import annotations

import pytest

from serving.http.limits import Bucket, Limiter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(rate=2.0, burst=3, clock=clock)
    assert [bucket.take() for _ in range(3)] == [0, 0, 0]
    assert bucket.take() == pytest.approx(0.5)
    clock.now += 0.5
    assert bucket.take() == 0
    assert bucket.take() == pytest.approx(0.5)


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    bucket = Bucket(rate=10.0, burst=2, clock=clock)
    clock.now += 1000
    assert [bucket.take() for _ in range(3)] == [0, 0, pytest.approx(0.1)]


def test_callers_do_not_share_and_the_oldest_are_forgotten() -> None:
    clock = Clock()
    limiter = Limiter(rate=0.001, burst=1, callers=2, clock=clock)
    assert [limiter.take(caller) == 0 for caller in ("a", "a", "b", "b")] == [True, False, True, False]
    assert limiter.take("c") == 0
    # a was seen longest ago; b and c are still counted
    assert [limiter.take(caller) == 0 for caller in ("b", "a")] == [False, True]
