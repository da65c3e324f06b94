"""The client against the API itself, and against servers that fail."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import inspect
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import playbill_client
from playbill_client import (
    AsyncPlaybillClient,
    PlaybillApiError,
    PlaybillClient,
    PlaybillUnreachableError,
    Retries,
    shapes,
)
from serving.http import schemas
from serving.http.client_shapes import client_shapes
from tests.serving.conftest import Api, api, app_api, app_data, running, settings_of, supabase, tiny_data
from tests.serving.releases import ALIEN, ALIENS, GRAVITY, MOON, SOLARIS, publish_release
from tests.serving.services import serving
from tests.serving.test_music import Spotify, with_spotify

__all__ = ["api", "app_api", "app_data", "supabase", "tiny_data"]

HOME = Path(playbill_client.__file__).parent
AT_ONCE = Retries(times=2, longest_wait_seconds=0.7)


def through(api: Api) -> httpx.MockTransport:
    """Return a transport that hands the client's requests to the API under test."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        got = api.request(request.method, path, content=request.content, headers=request.headers)
        headers = {name: value for name, value in got.headers.items() if name != "content-encoding"}
        return httpx.Response(got.status_code, content=got.content, headers=headers)

    return httpx.MockTransport(answer)


def test_every_method_returns_its_shape(api: Api) -> None:
    with PlaybillClient("http://localhost", transport=through(api)) as client:
        mine = client.recommendations("ml_1", limit=2, genres=["Drama"], year_from=1950, exclude=[SOLARIS])
        assert [item.movie_id for item in mine.recommendations] == [MOON, GRAVITY]
        assert client.recommendations('a%2F"b?').user_id == 'a%2F"b?'
        assert [one.user_id for one in client.batch(["1", "2"]).lists] == ["ml_1", "ml_2"]
        assert client.recommend(liked=[ALIEN], limit=1).recommendations[0].title == "Aliens"
        assert client.recommend(ratings=[{"movie_id": ALIEN, "rating": 4.5}]).total_ratings == 1
        with pytest.raises(PlaybillApiError, match=r"404|503"):
            client.rating("nobody", MOON)
        assert client.movie(ALIEN).title == "Alien"
        assert client.similar(ALIEN, limit=1).results[0].movie_id == ALIENS
        assert client.popular(genre="Romance").total_results == 2
        assert client.search("alien").total_results == 2
        assert len(client.genres().genres) == 6
        assert client.history("ml_1").ratings[0].rated_at.year == 1970
        assert client.health().n_users == 5
        assert client.release().more["run_id"] == "run-0"
        assert client.release().dataset == "tiny"


def test_films_to_look_through_are_the_releases_without_tmdb(api: Api) -> None:
    with PlaybillClient("http://localhost", transport=through(api)) as client:
        shown = client.discover(genre="Romance", limit=1, page=2)
        assert (shown.source, shown.page, shown.total_results, len(shown.results)) == ("release", 2, 2, 1)
        assert [film.movie_id for film in client.search_everywhere("alien", limit=5).results] == [ALIEN, ALIENS]
        for ask in (client.new_music, lambda: client.search_music("a"), lambda: client.soundtrack(ALIEN)):
            with pytest.raises(PlaybillApiError, match="SPOTIFY_CLIENT_ID"):
                ask()


def test_music_has_its_shapes(tiny_data: Path) -> None:
    with serving(Spotify()) as service, running(with_spotify(tiny_data, service.url)) as api:
        with PlaybillClient("http://localhost", transport=through(api)) as client:
            assert [album.name for album in client.new_music(limit=2, page=2, region="DE").results] == [
                "Album 2",
                "Album 3",
            ]
            assert client.search_music("ember", kind="album", limit=3).results[0].artists == ["Somebody"]
            music = client.soundtrack(ALIEN, region="US")
        assert (music.title, [track.name for track in music.tracks]) == ("Alien", ["Main Title"])
        asked = [query for path, query in service.asked if path == "/v1/search"]
        assert [query["type"] for query in asked] == ["album", "album"]


SAMPLES: dict[str, object] = {
    "user_id": "ml_1", "movie_id": ALIEN, "user_ids": ["ml_1"], "words": "alien", "query": "slow", "limit": 3,
    "page": 2, "genre": "Drama", "genres": ["Drama"],
    "genres_mode": "any", "year_from": 1950, "year_to": 2020, "min_rating": 5.0,
    "exclude": [MOON], "fresh": True, "liked": [ALIEN], "ratings": [{"movie_id": ALIEN, "rating": 4.0}],
    "model": "auto", "ids": "tmdb", "language": "en-US", "region": "US", "kind": "album",
    "events": [{"movie_id": ALIEN, "event": "like"}],
}  # fmt: skip
"""Something for every argument of every method."""
NO_METHOD = {("get", "/recommend"), ("get", "/metrics")}
"""What the POST of the same name says better; what Prometheus reads."""


def test_every_route_and_what_it_takes_has_a_method(tmp_path: Path) -> None:
    with running(settings_of(tmp_path, feedback=True)) as api:
        page = api.get("/openapi.json").json()
    taken: dict[tuple[str, str], set[str]] = {}
    for path, methods in page["paths"].items():
        for method, route in methods.items():
            if not route.get("deprecated") and (method, path) not in NO_METHOD:
                names = {one["name"] for one in route.get("parameters", []) if one["in"] == "query"}
                if "requestBody" in route:
                    reference = route["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                    names = set(page["components"]["schemas"][reference.rpartition("/")[2]]["properties"])
                # two names of one thing
                taken[(method, path)] = names - {"q"} if {"q", "query"} <= names else names
    sent: dict[tuple[str, str], set[str]] = {}
    for name, method in vars(PlaybillClient).items():
        if name.startswith("_") or name in ("send", "close"):
            continue
        make = inspect.unwrap(method)
        call = make(**{argument: SAMPLES[argument] for argument in inspect.signature(make).parameters})
        sent[(call.method.lower(), call.path)] = set(call.query) | set(call.body or {})
    assert sent == taken


def test_the_async_client_answers_alike(api: Api) -> None:
    async def ask() -> None:
        async with AsyncPlaybillClient("http://localhost", transport=through(api)) as client:
            together = await asyncio.gather(client.recommendations("ml_1"), client.movie(ALIEN), client.genres())
        with PlaybillClient("http://localhost", transport=through(api)) as waiting:
            assert together == [waiting.recommendations("ml_1"), waiting.movie(ALIEN), waiting.genres()]

    asyncio.run(ask())


def test_both_clients_have_every_method() -> None:
    methods = [
        {name for name in vars(one) if not name.startswith("_")} for one in (PlaybillClient, AsyncPlaybillClient)
    ]
    assert methods[0] == methods[1]
    paragraph = re.search(r"\*\*Methods\*\*(.*?)\n- ", (HOME / "README.md").read_text(), re.DOTALL)
    assert paragraph
    named = re.findall(r"`(\w+)`", paragraph[1])
    assert methods[0] - {"send", "close"} == set(named) - {"datetime", "docs"}


def test_feedback_is_written_down(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, feedback=True)
    publish_release(settings.folder)
    with running(settings) as api, PlaybillClient("http://localhost", transport=through(api)) as client:
        assert client.feedback("ml_1", [{"movie_id": ALIEN, "event": "like"}]).taken == 1


def test_a_refusal_is_an_error_with_its_reason(app_api: Api) -> None:
    with (
        PlaybillClient("http://localhost", transport=through(app_api)) as client,
        pytest.raises(PlaybillApiError) as raised,
    ):
        client.recommendations("ml_1")
    assert (raised.value.status, raised.value.retry_after_seconds) == (401, None)
    assert "X-API-Key" in raised.value.detail
    assert raised.value.request_id
    with PlaybillClient("http://localhost", api_key="second-key", transport=through(app_api)) as client:
        assert client.recommendations("ml_1").strategy == "precomputed"


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"status": 7}', b"{}"])
def test_an_answer_of_something_else_says_so(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with (
        PlaybillClient("http://localhost", transport=transport) as client,
        pytest.raises(PlaybillApiError, match="address"),
    ):
        client.health()


HEALTH = {"status": "ok", "release_id": "r", "model": "als", "n_users": 1, "n_items": 2}


def failing(*failures: int | type[Exception], asked: list[str]) -> Callable[[httpx.Request], httpx.Response]:
    """Return a server that fails so many times before it answers."""
    left = list(failures)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if not left:
            return httpx.Response(200, json=HEALTH if request.method == "GET" else {"taken": 1})
        failure = left.pop(0)
        if isinstance(failure, int):
            detail = {"detail": "not now", "status": failure}
            return httpx.Response(failure, json=detail, headers={"Retry-After": "0"})
        raise failure("no")

    return answer


@pytest.mark.parametrize("failure", [429, 502, 503, 504, httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
def test_what_passes_is_tried_again(failure: int | type[Exception]) -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(failure, asked=asked))
    with PlaybillClient("http://localhost", retries=AT_ONCE, transport=transport) as client:
        assert client.health().n_items == 2
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("failures", "attempts", "raised"),
    [
        ([400], 1, PlaybillApiError),
        ([500], 1, PlaybillApiError),
        ([503, 503, 503], 3, PlaybillApiError),
        ([httpx.ReadTimeout] * 3, 3, PlaybillUnreachableError),
    ],
)
def test_what_does_not_pass_is_raised(
    failures: list[int | type[Exception]], attempts: int, raised: type[Exception]
) -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(*failures, asked=asked))
    with PlaybillClient("http://localhost", retries=AT_ONCE, transport=transport) as client, pytest.raises(raised):
        client.health()
    assert len(asked) == attempts


def test_a_long_wait_is_the_callers() -> None:
    refusal = httpx.Response(429, json={"detail": "slow down"}, headers={"Retry-After": "60"})
    with (
        PlaybillClient("http://localhost", transport=httpx.MockTransport(lambda _: refusal)) as client,
        pytest.raises(PlaybillApiError) as raised,
    ):
        client.health()
    assert raised.value.retry_after_seconds == 60


@pytest.mark.parametrize(("failure", "attempts"), [(httpx.ReadTimeout, 1), (502, 1), (httpx.ConnectError, 2), (503, 2)])
def test_an_event_is_never_told_twice(failure: int | type[Exception], attempts: int) -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(failure, asked=asked))
    with PlaybillClient("http://localhost", retries=AT_ONCE, transport=transport) as client:
        try:
            client.feedback("ml_1", [{"movie_id": 1, "event": "like"}])
        except (PlaybillApiError, PlaybillUnreachableError):
            assert attempts == 1
    assert len(asked) == attempts


def test_httpx_logs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(404, json={"detail": "there is no such user here"})

    with (
        caplog.at_level(logging.DEBUG),
        PlaybillClient("http://localhost/", transport=httpx.MockTransport(refuse)) as client,
        pytest.raises(PlaybillApiError) as raised,
    ):
        client.history("ml_3", page=2)
    assert asked == ["/users/ml_3/history?limit=100&page=2"]
    assert "/users/user_id/history" in caplog.text
    assert "ml_3" not in caplog.text + str(raised.value)


def test_a_base_url_with_a_path_keeps_it() -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(asked=asked))
    with PlaybillClient("http://localhost/films/api/", transport=transport) as client:
        client.health()
    assert asked == ["/films/api/health"]


def test_importing_it_imports_nothing_else_of_ours() -> None:
    allowed = {"playbill_client"}
    code = "import sys, playbill_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert loaded & {"flows", "pipelines", "serving", "warehouse", "playbill_client"} == allowed
    assert loaded & {"pydantic", "fastapi", "duckdb", "numpy", "pandas"} == set()


def test_the_shapes_are_the_apis() -> None:
    written = {path.name: path.read_text() for path in (HOME / "shapes").glob("*.py")}
    assert written == client_shapes(), "run: python -m serving.http.client_shapes playbill_client/shapes"


def test_a_shape_inherits_as_the_apis_does() -> None:
    assert issubclass(shapes.Item, shapes.Film)
    assert issubclass(shapes.WishedList, shapes.RecommendationList)
    for name in shapes.__all__:
        fields = [field.name for field in dataclasses.fields(getattr(shapes, name)) if field.name != "more"]
        assert fields == list(getattr(schemas, name).model_fields), name


def test_the_readme_can_be_read_by_python() -> None:
    for code in re.findall(r"```python\n(.*?)```", (HOME / "README.md").read_text(), re.S):
        ast.parse(code)
