"""The client: one request a film, patient with faults, and the key nowhere but on the wire."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any

import httpx
import pytest
import stamina
from pydantic import SecretStr

from pipelines.settings import Settings
from pipelines.settings_sections import TmdbSettings
from pipelines.sources.tmdb.answers import Answer
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.key import TmdbKey, find_key
from tests.tmdb_fake import API_KEY, TOKEN, FakeTmdb, Fault, film, refusal, serving
from tests.virtual_time import VirtualTime
from warehouse.errors import ConfigError, SourceUnavailableError

KEYS = [TmdbKey(API_KEY, "TMDB_API_KEY"), TmdbKey(TOKEN, "TMDB_READ_TOKEN")]


def ask(
    fake: FakeTmdb,
    question: Callable[[TmdbClient], Coroutine[Any, Any, Any]],
    *,
    key: TmdbKey = KEYS[1],
    time: VirtualTime | None = None,
    **settings: Any,
) -> Any:
    async def run() -> Any:
        made = TmdbSettings(**{"rate": 200.0, "burst": 100, **settings})
        async with TmdbClient(made, key, transport=httpx.MockTransport(fake)) as client:
            return await question(client)

    with asyncio.Runner(loop_factory=(time or VirtualTime()).loop) as runner:
        return runner.run(run())


def first(n: int, response: Callable[[], httpx.Response | Exception]) -> Fault:
    """Fail the first n requests."""
    return lambda request, before: response() if before < n else None


def test_one_request_a_film_with_its_keywords_and_credits() -> None:
    fake = FakeTmdb({862: film(862, "Toy Story")})
    answer = ask(fake, lambda client: client.movie(862))
    assert answer.body["title"] == "Toy Story"
    assert [str(r.url) for r in fake.requests] == [
        "https://api.themoviedb.org/3/movie/862?append_to_response=keywords%2Ccredits"
    ]
    assert fake.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_api_key_goes_into_the_query() -> None:
    fake = FakeTmdb({862: film(862)})
    assert ask(fake, lambda client: client.movie(862), key=KEYS[0]).body is not None
    assert fake.requests[0].url.params["api_key"] == API_KEY
    assert "Authorization" not in fake.requests[0].headers


FAULTS: list[Callable[[], httpx.Response | Exception]] = [
    lambda: refusal(500, 11, "Internal error"),
    lambda: refusal(503, 9, "Service offline"),
    lambda: httpx.Response(502, html="<html><h1>502 Bad Gateway</h1></html>"),
    lambda: httpx.Response(522, text="a proxy's own"),
    lambda: httpx.Response(200, html="<html>please wait</html>"),
    lambda: httpx.Response(200, json=["not", "an", "object"]),
    lambda: httpx.Response(200, content=b"[" * 100_000),
    lambda: httpx.Response(200, content=b'{"id": 86'),
    lambda: httpx.ReadTimeout("slow"),
    lambda: httpx.ConnectError("refused"),
    lambda: httpx.RemoteProtocolError("Server disconnected without sending a response."),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_tried_again_after_a_growing_wait(fault: Callable[[], httpx.Response | Exception]) -> None:
    time, asked = VirtualTime(), []

    def three_times(request: httpx.Request, before: int) -> httpx.Response | Exception | None:
        asked.append(time.now)
        return fault() if before < 3 else None

    fake = FakeTmdb({862: film(862)}, fault=three_times)
    assert ask(fake, lambda client: client.movie(862), time=time).body["id"] == 862
    once, twice, thrice = (late - early for early, late in itertools.pairwise(asked))
    assert (0.5 <= once <= 1.1, 1.0 <= twice <= 1.6, 2.0 <= thrice <= 2.6) == (True, True, True)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_film_that_only_fails_is_put_off_with_the_reason(fault: Callable[[], httpx.Response | Exception]) -> None:
    fake = FakeTmdb({862: film(862)}, fault=lambda request, before: fault())
    answer = ask(fake, lambda client: client.movie(862), attempts=3)
    assert (answer.body, answer.absent, len(fake.requests)) == (None, False, 3)
    assert answer.reason.endswith(", 3 times")


def test_too_many_requests_wait_as_long_as_asked() -> None:
    fake = FakeTmdb(
        {862: film(862)}, fault=first(1, lambda: refusal(429, 25, "Over the limit", **{"Retry-After": "7"}))
    )
    time = VirtualTime()
    assert ask(fake, lambda client: client.movie(862), time=time).body["id"] == 862
    assert 107.0 <= time.now <= 107.3


def test_a_very_long_wait_ends_the_run_instead() -> None:
    fake = FakeTmdb(fault=lambda request, before: refusal(429, 25, "Over the limit", **{"Retry-After": "3600"}))
    with pytest.raises(SourceUnavailableError, match="asks to wait 3600 seconds"):
        ask(fake, lambda client: client.movie(862))
    assert len(fake.requests) == 1


def test_a_film_that_is_not_there_is_absent_and_asked_once() -> None:
    fake = FakeTmdb()
    answer = ask(fake, lambda client: client.movie(1))
    assert answer == Answer(absent=True, reason="404 The resource you requested could not be found.")
    assert len(fake.requests) == 1


def test_a_404_that_is_not_tmdbs_says_nothing_of_the_film() -> None:
    fake = FakeTmdb(fault=lambda request, before: httpx.Response(404, html="<h1>nginx</h1>"))
    assert ask(fake, lambda client: client.movie(1)) == Answer(reason="404 Not Found")


@pytest.mark.parametrize("key", KEYS)
def test_a_refused_key_is_one_line_without_the_key(key: TmdbKey) -> None:
    echo = refusal(401, 7, f"Invalid API key {key.value}: you must be granted a valid key.")
    fake = FakeTmdb(fault=lambda request, before: echo)
    with pytest.raises(ConfigError) as raised:
        ask(fake, lambda client: client.check(), key=key)
    assert key.name in str(raised.value)
    assert "\n" not in str(raised.value)
    assert key.value not in str(raised.value)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("key", KEYS)
def test_no_log_line_error_or_repr_holds_the_key(key: TmdbKey, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)  # of every library
    faults: list[httpx.Response | Exception | None] = [
        refusal(500, 11, "x"),
        httpx.RemoteProtocolError("x"),
        None,
        refusal(404, 34, "no"),
        refusal(401, 7, "no"),
    ]
    fake = FakeTmdb({862: film(862)}, fault=lambda request, before: faults[min(before, 4)])
    said = [repr(key)]

    async def run(base_url: str) -> None:
        async with TmdbClient(TmdbSettings(base_url=base_url), key) as client:
            said.append(repr(await client.movie(862)))
            said.append(repr(await client.movie(862)))
            with pytest.raises(ConfigError) as raised:
                await client.movie(862)
            said.append(repr(raised.value))

    stamina.set_testing(True, attempts=5)
    try:
        with serving(fake) as url:
            asyncio.run(run(url))
    finally:
        stamina.set_testing(False)
    asyncio.run(_unreachable(key, said))
    assert len(fake.requests) == 5
    assert "HTTP Request: GET" in caplog.text
    for secret in (key.value, "Bearer"):
        assert secret not in caplog.text
        assert secret not in "".join(said)


async def _unreachable(key: TmdbKey, said: list[str]) -> None:
    async with TmdbClient(TmdbSettings(base_url="http://127.0.0.1:1/3", attempts=1), key) as client:
        said.append(repr(await client.movie(1)))


def test_a_token_in_the_settings_goes_before_an_api_key() -> None:
    both = Settings(tmdb_read_token=SecretStr(f" {TOKEN}\n"), tmdb_api_key=SecretStr(API_KEY))
    assert find_key(both) == TmdbKey(TOKEN, "TMDB_READ_TOKEN")
    blank = Settings(tmdb_read_token=SecretStr(" "), tmdb_api_key=SecretStr(API_KEY))
    assert find_key(blank) == TmdbKey(API_KEY, "TMDB_API_KEY")
    assert find_key(Settings(tmdb_read_token=None, tmdb_api_key=SecretStr(""))) is None


def test_a_key_with_a_strange_character_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigError) as raised:
        find_key(Settings(tmdb_read_token=None, tmdb_api_key=SecretStr("secret—dash")))
    assert "TMDB_API_KEY" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_popular_films_are_listed_once_each_and_no_page_too_many() -> None:
    fake = FakeTmdb(popular=[*range(1, 21), 20, *range(21, 60)])  # a film moved to the next page meanwhile
    assert ask(fake, lambda client: client.popular(25)) == list(range(1, 26))
    assert len(fake.requests) == 2
    assert len(ask(fake, lambda client: client.popular(500))) == 59
    assert ask(FakeTmdb(), lambda client: client.popular(5)) == []


def test_changes_come_page_by_page() -> None:
    fake = FakeTmdb(changed=list(range(1, 251)))
    assert ask(fake, lambda client: client.changes(date(2026, 1, 1), date(2026, 1, 15))) == set(range(1, 251))
    assert [r.url.params["page"] for r in fake.requests] == ["1", "2", "3"]
    assert {r.url.params["start_date"] for r in fake.requests} == {"2026-01-01"}
    assert {r.url.params["end_date"] for r in fake.requests} == {"2026-01-15"}


def test_a_span_with_too_many_pages_is_halved() -> None:
    fake = FakeTmdb()

    def long_spans_are_full(request: httpx.Request, before: int) -> httpx.Response:
        days = date.fromisoformat(request.url.params["end_date"]) - date.fromisoformat(request.url.params["start_date"])
        return httpx.Response(200, json={"results": [{"id": days.days}], "total_pages": 501 if days.days > 2 else 1})

    fake.fault = long_spans_are_full
    assert ask(fake, lambda client: client.changes(date(2026, 1, 1), date(2026, 1, 6))) == {1, 2}
    spans = {(r.url.params["start_date"][-2:], r.url.params["end_date"][-2:]) for r in fake.requests}
    assert spans == {("01", "06"), ("01", "03"), ("03", "06"), ("03", "04"), ("04", "06")}


def test_no_more_than_the_allowed_number_wait_for_an_answer() -> None:
    waiting, most = [0], [0]

    async def slow(request: httpx.Request) -> httpx.Response:
        waiting[0] += 1
        most[0] = max(most[0], waiting[0])
        await asyncio.sleep(0.03)
        waiting[0] -= 1
        return httpx.Response(200, json=film(1))

    async def run() -> int:
        settings = TmdbSettings(rate=200.0, burst=100, in_flight=3)
        async with TmdbClient(settings, KEYS[0], transport=httpx.MockTransport(slow)) as client:
            await asyncio.gather(*(client.movie(1) for _ in range(20)))
            return client.requests

    assert asyncio.run(run()) == 20
    assert most[0] == 3


def test_when_nothing_comes_back_any_more_everybody_is_told_and_few_requests_are_made() -> None:
    fake = FakeTmdb(fault=lambda request, before: httpx.ConnectError("refused"))

    async def many(client: TmdbClient) -> list[Any]:
        return await asyncio.gather(*(client.movie(i) for i in range(100)), return_exceptions=True)

    answers = ask(fake, many)
    assert {str(answer) for answer in answers} == {"TMDB does not answer (refused)"}
    assert 10 <= len(fake.requests) <= 10 + 8 + 5  # until the breaker opens, what was in flight then, five probes
