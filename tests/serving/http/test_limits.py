from __future__ import annotations

from pathlib import Path

import pytest

from serving.http.limits import Bucket, Limiter
from tests.serving.conftest import running, settings_of


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


REMOTE, HERE = ("203.0.113.5", 1000), ("127.0.0.1", 1000)


@pytest.mark.parametrize(
    ("client", "headers", "last"),
    [
        (REMOTE, {}, 429),
        (HERE, {}, 200),
        (HERE, {"Host": "playbill"}, 429),  # through a proxy on this machine
        (HERE, {"X-Forwarded-For": "127.0.0.1"}, 429),
    ],
)
def test_lists_from_requests_are_counted_by_address_but_not_this_machines_own(
    tiny_data: Path, client: tuple[str, int], headers: dict[str, str], last: int
) -> None:
    settings = settings_of(tiny_data, live_rate=0.5, live_burst=2, api_keys="a-key-of-16-chars")
    with running(settings, client=client) as api:
        answers = [api.get("/recommend?liked=11", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, last]
    numbers = [(answer.headers.get("ratelimit-policy"), answer.headers.get("ratelimit")) for answer in answers]
    if last == 200:
        assert numbers == [(None, None)] * 3
    else:
        # two lists in four seconds; each one takes two seconds to come back
        policy = '"lists";q=2;w=4'
        assert numbers == [(policy, '"lists";r=1;t=2'), (policy, '"lists";r=0;t=4'), (policy, '"lists";r=0;t=4')]
        assert answers[2].headers["retry-after"] == "2"


def test_a_browser_elsewhere_may_read_the_numbers(tiny_data: Path) -> None:
    settings = settings_of(tiny_data, cors_origins="https://app.example.org")
    with running(settings) as api:
        exposed = api.get("/genres", headers={"Origin": "https://app.example.org"}).headers
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= {
        name.strip() for name in exposed["access-control-expose-headers"].split(",")
    }
