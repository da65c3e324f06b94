"""The pace: never more than the rate allows in any second; the breaker: polite when nothing comes back."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.tmdb.pace import FAILURES_IN_A_ROW, Breaker, Pace
from tests.tmdb_fake import FakeTime
from warehouse.errors import SourceUnavailableError


def taken(pace: Pace, time: FakeTime, gaps: list[float]) -> list[float]:
    async def take() -> list[float]:
        times = []
        for gap in gaps:
            time.now += gap
            await pace.take()
            times.append(time.now)
        return times

    return asyncio.run(take())


def test_a_burst_then_evenly() -> None:
    time = FakeTime()
    times = taken(Pace(4.0, 3, clock=time.clock, sleep=time.sleep), time, [10.0, 0, 0, 0, 0])
    assert times == pytest.approx([110.0, 110.0, 110.0, 110.25, 110.5])


@given(
    st.floats(0.5, 100),
    st.integers(1, 10),
    st.lists(st.sampled_from([0.0, 0.001, 0.05, 0.3, 2.0, 10.0]), min_size=1, max_size=80),
)
def test_no_span_of_time_has_more_than_its_share(rate: float, burst: int, gaps: list[float]) -> None:
    time = FakeTime()
    times = taken(Pace(rate, burst, clock=time.clock, sleep=time.sleep), time, gaps)
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= rate * (times[last] - times[first]) + burst + 1e-6


def test_a_refusal_stops_everything_for_as_long_as_asked_and_slows_down() -> None:
    time = FakeTime()
    pace = Pace(10.0, 5, clock=time.clock, sleep=time.sleep)
    time.now += 60
    pace.hold(7.0)
    assert pace.rate == pytest.approx(9.0)
    pace.hold(3.0)  # the others in flight were refused too: they neither shorten it nor slow down further
    assert pace.rate == pytest.approx(9.0)
    times = taken(pace, time, [0, 0, 0])
    assert times == pytest.approx([167.0, 167.0 + 1 / 9, 167.0 + 2 / 9], abs=1e-3)


def test_the_rate_comes_back_but_never_above_what_is_configured() -> None:
    time = FakeTime()
    pace = Pace(10.0, 1, clock=time.clock, sleep=time.sleep)
    pace.hold(1.0)
    taken(pace, time, [0.0] * 1000)
    assert pace.rate == 10.0


def test_a_request_that_waited_for_its_slot_respects_a_stop_that_came_meanwhile() -> None:
    time = FakeTime()
    pace = Pace(1.0, 1, clock=time.clock, sleep=time.sleep)

    async def refused_while_waiting(seconds: float) -> None:
        if not time.slept:
            pace.hold(20.0)
        await FakeTime.sleep(time, seconds)

    pace._sleep = refused_while_waiting
    times = taken(pace, time, [0, 0])
    assert times[0] == 100.0
    assert times[1] >= 120.0


def breaker(answers: list[bool], time: FakeTime, patience: float = 60.0) -> Breaker:
    async def probe() -> bool:
        return answers.pop(0)

    found = Breaker(probe, patience, sleep=time.sleep)
    for _ in range(FAILURES_IN_A_ROW):
        found.failed("503 Service Unavailable")
    return found


def test_a_success_between_failures_keeps_it_closed() -> None:
    time = FakeTime()
    found = Breaker(lambda: asyncio.sleep(0, True), 60.0, sleep=time.sleep)
    for _ in range(5):
        for _ in range(FAILURES_IN_A_ROW - 1):
            found.failed("x")
        found.succeeded()
    asyncio.run(found.admit())
    assert time.slept == []


def test_probes_wait_longer_each_time_until_one_is_answered() -> None:
    time = FakeTime()
    found = breaker([False, False, True], time)
    asyncio.run(found.admit())
    assert time.slept == [2.0, 4.0, 8.0]
    assert not found.is_open


def test_patience_ends_in_one_line_for_everybody() -> None:
    time = FakeTime()
    found = breaker([False] * 10, time, patience=20.0)

    async def three() -> list[BaseException | None]:
        return await asyncio.gather(*(found.admit() for _ in range(3)), return_exceptions=True)

    errors = asyncio.run(three())
    assert [type(error) for error in errors] == [SourceUnavailableError] * 3
    assert str(errors[0]) == "TMDB does not answer (503 Service Unavailable)"
    assert time.slept == [2.0, 4.0, 8.0, 6.0]  # 20 seconds in all, and only one of the three probes
