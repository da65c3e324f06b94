"""The client has every route of the API, with every argument, and reads every answer."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path

import httpx
import pytest

import playbill_client
from playbill_client import (
    AsyncPlaybillClient,
    PlaybillApiError,
    PlaybillClient,
)
from tests.serving.conftest import Api, api, running, settings_of, tiny_data
from tests.serving.releases import ALIEN, ALIENS, GRAVITY, MOON, SOLARIS
from tests.serving.services import serving
from tests.serving.test_music import Spotify, with_spotify

__all__ = ["api", "tiny_data"]

HOME = Path(playbill_client.__file__).parent


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
