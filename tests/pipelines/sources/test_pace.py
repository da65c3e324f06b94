"""The pace: never more than the rate allows in any second; the breaker: polite when nothing comes back."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.http.breaker import Breaker
from pipelines.sources.http.pace import Pace
from tests.virtual_time import VirtualTime
from warehouse.errors import SourceUnavailableError


def taken(pace: Pace, time: VirtualTime, gaps: list[float], refused: dict[int, float] | None = None) -> list[float]:
    """Take once after each gap; ``refused`` says after which the server asks to wait, and how long."""

    async def take() -> list[float]:
        times = []
        for number, gap in enumerate(gaps):
            await asyncio.sleep(gap)
            await pace.take()
            times.append(time.now)
            if number in (refused or {}):
                pace.hold((refused or {})[number])
        return times

    with asyncio.Runner(loop_factory=time.loop) as runner:
        return runner.run(take())


def test_a_burst_then_evenly() -> None:
    times = taken(Pace(4.0, 3), VirtualTime(), [10.0, 0, 0, 0, 0])
    assert times == pytest.approx([110.0, 110.0, 110.0, 110.25, 110.5], abs=1e-3)


@given(
    st.floats(0.5, 100),
    st.integers(1, 10),
    st.lists(st.sampled_from([0.0, 0.001, 0.05, 0.3, 2.0, 10.0]), min_size=1, max_size=80),
)
def test_no_span_of_time_has_more_than_its_share(rate: float, burst: int, gaps: list[float]) -> None:
    times = taken(Pace(rate, burst), VirtualTime(), gaps)
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= rate * (times[last] - times[first]) + burst + 1e-6


def test_a_refusal_stops_everything_for_as_long_as_asked_and_slows_down() -> None:
    pace = Pace(10.0, 1)
    times = taken(pace, VirtualTime(), [0.0] * 4, refused={0: 7.0})
    assert pace.rate == pytest.approx(9.0)
    assert times[0] == pytest.approx(100.0, abs=1e-3)
    assert times[1] >= 107.0
    assert [late - early for early, late in itertools.pairwise(times[1:])] == pytest.approx([1 / 9] * 2, abs=1e-3)


def test_several_refusals_at_once_count_once() -> None:
    pace = Pace(10.0, 5)

    async def refuse() -> None:
        pace.hold(7.0)
        pace.hold(3.0)

    with asyncio.Runner(loop_factory=VirtualTime().loop) as runner:
        runner.run(refuse())
    assert pace.rate == pytest.approx(9.0)


def test_the_rate_comes_back_but_never_above_what_is_configured() -> None:
    pace = Pace(10.0, 1)
    taken(pace, VirtualTime(), [0.0] * 350, refused={0: 1.0})
    assert pace.rate == 10.0


def test_a_question_that_waited_for_its_turn_respects_a_stop_that_came_meanwhile() -> None:
    time, pace = VirtualTime(), Pace(1.0, 1)

    async def two() -> float:
        await pace.take()
        second = asyncio.create_task(pace.take())
        await asyncio.sleep(0.5)
        pace.hold(20.0)
        await second
        return time.now

    with asyncio.Runner(loop_factory=time.loop) as runner:
        assert runner.run(two()) >= 120.5


def through(breaker: Breaker, answers: list[bool], time: VirtualTime) -> list[float]:
    """Ask one question after another, each answered or not; return when each went out."""

    async def ask() -> list[float]:
        times = []
        for answered in answers:
            async with breaker.passing():
                times.append(time.now)
                if answered:
                    breaker.succeeded()
                else:
                    breaker.failed("503 Service Unavailable")
        return times

    with asyncio.Runner(loop_factory=time.loop) as runner:
        return runner.run(ask())


def test_a_success_between_failures_keeps_it_closed() -> None:
    time = VirtualTime()
    through(Breaker("TMDB", 3, 60.0), [False, False, True] * 5, time)
    assert time.now == pytest.approx(100.0, abs=1e-3)


def test_questions_wait_longer_each_time_until_one_is_answered() -> None:
    times = through(Breaker("TMDB", 2, 60.0), [False, False, False, False, True, True], VirtualTime())
    assert times == pytest.approx([100.0, 100.0, 102.0, 106.0, 114.0, 114.0], abs=1e-3)


def test_patience_ends_in_one_line_for_everybody() -> None:
    time = VirtualTime()
    breaker = Breaker("TMDB", 1, 20.0)
    asked: list[float] = []

    async def fail() -> None:
        while True:
            async with breaker.passing():
                asked.append(time.now)
                breaker.failed("503 Service Unavailable")

    async def three() -> list[BaseException]:
        return [error for error in await asyncio.gather(*(fail() for _ in range(3)), return_exceptions=True) if error]

    with asyncio.Runner(loop_factory=time.loop) as runner:
        errors = runner.run(three())
    assert [type(error) for error in errors] == [SourceUnavailableError] * 3
    assert str(errors[0]) == "TMDB does not answer (503 Service Unavailable)"
    # 20 seconds in all, one question at a time
    assert sorted({round(moment, 2) for moment in asked}) == [
        100.0,
        102.0,
        106.0,
        114.0,
        120.0,
    ]
