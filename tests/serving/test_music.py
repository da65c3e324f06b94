"""Music by Spotify: with extended quota and in development mode, with faults, and without keys."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.serving.conftest import Api, running, settings_of
from tests.serving.releases import ALIEN, STALKER
from tests.serving.services import Service, age, serving

ID, SECRET = "the-id", "the-secret"
BASIC = "Basic " + base64.b64encode(f"{ID}:{SECRET}".encode()).decode()


def album(number: int, name: str = "") -> dict[str, Any]:
    return {"id": f"a{number}", "type": "album", "name": name or f"Album {number}", "artists": [{"name": "Somebody"}],
            "release_date": "2026-10-01", "images": [{"url": "https://i/1"}],
            "external_urls": {"spotify": f"https://open/{number}"}}  # fmt: skip


class Spotify:
    """Answers as Spotify does; ``small`` as to an app in development mode."""

    def __init__(self, small: bool = False) -> None:
        self.small, self.tokens, self.valid = small, 0, ""
        self.fault: tuple[int, Any] | None = None

    def __call__(self, method: str, path: str, query: dict[str, str], headers: Any) -> tuple[int, Any]:
        if self.fault is not None:
            return self.fault
        if path == "/api/token":
            if method != "POST" or headers["Authorization"] != BASIC:
                return 400, {"error": "invalid_client"}
            self.tokens += 1
            self.valid = f"token-{self.tokens}"
            return 200, {"access_token": self.valid, "token_type": "Bearer", "expires_in": 3600}
        if headers["Authorization"] != f"Bearer {self.valid}":
            return 401, {"error": {"status": 401, "message": "The access token expired"}}
        limit, offset = int(query["limit"]), int(query.get("offset", 0))
        if path == "/v1/browse/new-releases":
            return (403, {}) if self.small else (200, {"albums": page(limit, offset)})
        if path == "/v1/search":
            if self.small and limit > 10:
                return 400, {"error": {"status": 400, "message": "Invalid limit"}}
            if "soundtrack" in query["q"]:
                names = [
                    "Alien (Original Motion Picture Soundtrack)",
                    "Aliens: the Soundtrack",
                    "Alien: Covenant (Original Soundtrack)",
                ]
                return 200, {"albums": {"items": [album(n, name) for n, name in enumerate(names)], "total": 3}}
            return 200, {f"{query['type']}s": page(limit, offset)}
        if path == "/v1/albums/a0/tracks":
            return 200, {
                "items": [{"id": "t1", "type": "track", "name": "Main Title", "duration_ms": 1000}],
                "total": 1,
            }
        return 404, {}


def page(limit: int, offset: int, total: int = 35) -> dict[str, Any]:
    return {"items": [album(n) for n in range(offset, min(offset + limit, total))], "total": total}


@pytest.fixture
def spotify() -> Spotify:
    return Spotify()


@pytest.fixture
def service(spotify: Spotify) -> Iterator[Service]:
    with serving(spotify) as started:
        yield started


@pytest.fixture
def musical(tiny_data: Path, service: Service) -> Iterator[Api]:
    with running(with_spotify(tiny_data, service.url)) as api:
        yield api


def with_spotify(data_dir: Path, url: str, secret: str = SECRET, seconds: float = 5.0) -> Any:
    settings = settings_of(data_dir)
    ours = settings.spotify.model_copy(
        update={"base_url": f"{url}/v1", "token_url": f"{url}/api/token", "rate": 100.0, "seconds": seconds}
    )
    keys = {"spotify_client_id": ID, "spotify_client_secret": SecretStr(secret)}
    return settings.model_copy(update={"spotify": ours, **keys})


@pytest.mark.parametrize("path", ["/discovery/music/popular", "/discovery/music/search?q=x", f"/movies/{ALIEN}/music"])
def test_without_keys_the_answer_says_what_to_set(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 503
    assert "SPOTIFY_CLIENT_ID" in answer.json()["detail"]


def test_new_albums_in_pages(musical: Api, service: Service) -> None:
    body = musical.get("/discovery/music/popular?limit=3&page=2&region=DE").json()
    assert [item["name"] for item in body["results"]] == ["Album 3", "Album 4", "Album 5"]
    assert (body["source"], body["stale"], body["total_results"]) == ("spotify", False, 35)
    assert body["results"][0] == {
        "kind": "album", "id": "a3", "name": "Album 3", "artists": ["Somebody"], "album": None,
        "release_date": "2026-10-01", "image_url": "https://i/1", "duration_ms": None, "preview_url": None,
        "url": "https://open/3",
    }  # fmt: skip
    assert service.asked[1] == ("/v1/browse/new-releases", {"limit": "3", "offset": "3", "country": "DE"})


def test_in_development_mode_new_albums_come_by_a_search(musical: Api, service: Service, spotify: Spotify) -> None:
    spotify.small = True
    body = musical.get("/discovery/music/popular?limit=25").json()
    assert [item["name"] for item in body["results"]] == [f"Album {number}" for number in range(25)]
    searches = [query for path, query in service.asked if path == "/v1/search"]
    assert [(one["q"], one["limit"], one["offset"]) for one in searches] == [
        ("tag:new", "10", "0"), ("tag:new", "10", "10"), ("tag:new", "5", "20")
    ]  # fmt: skip
    musical.get("/discovery/music/popular?limit=5")
    assert service.paths().count("/v1/browse/new-releases") == 1, "what is closed is asked once"


def test_a_search_that_is_too_long_is_asked_in_tens(musical: Api, service: Service, spotify: Spotify) -> None:
    spotify.small = True
    body = musical.get("/discovery/music/search?query=ember&type=album&limit=20").json()
    assert len(body["results"]) == 20
    assert [query["limit"] for path, query in service.asked if path == "/v1/search"] == ["20", "10", "10"]


def test_an_answer_is_remembered(musical: Api, service: Service) -> None:
    for name in ("q", "query"):
        assert len(musical.get(f"/discovery/music/search?{name}=ember").json()["results"]) == 20
    assert service.paths() == ["/api/token", "/v1/search"]


def test_a_token_that_is_taken_back_is_asked_for_again(musical: Api, spotify: Spotify) -> None:
    musical.get("/discovery/music/search?q=a")
    spotify.valid = "another"
    assert musical.get("/discovery/music/search?q=b").json()["stale"] is False
    assert spotify.tokens == 2


def test_a_films_soundtrack_is_an_album_that_says_so(musical: Api) -> None:
    body = musical.get(f"/movies/{ALIEN}/music").json()
    assert (body["movie_id"], body["title"], body["stale"]) == (ALIEN, "Alien", False)
    assert [item["name"] for item in body["albums"]] == ["Alien (Original Motion Picture Soundtrack)"]
    assert [(item["name"], item["kind"], item["album"]) for item in body["tracks"]] == [
        ("Main Title", "track", "Alien (Original Motion Picture Soundtrack)")
    ]
    other = musical.get(f"/movies/{STALKER}/music").json()
    assert (other["albums"], other["tracks"], other["stale"]) == ([], [], False)
    assert musical.get("/movies/999999/music").status_code == 404


FAULTS = [
    (500, {}),
    (503, {}),
    (429, {}),
    (403, {}),
    (400, {}),
    (200, b"<html>"),
    (200, []),
    (200, {"albums": 7}),
    (404, {}),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_spotify_says_it_costs_no_error(musical: Api, spotify: Spotify, fault: tuple[int, Any]) -> None:
    assert musical.get("/discovery/music/search?q=known").json()["stale"] is False
    spotify.fault = fault
    for path in ("/discovery/music/popular", "/discovery/music/search?q=new", f"/movies/{ALIEN}/music"):
        answer = musical.get(path)
        assert (answer.status_code, answer.json()["stale"]) == (200, True)
    age(musical.context.music_answers, 36_000)
    old = musical.get("/discovery/music/search?q=known").json()
    assert (old["stale"], len(old["results"])) == (True, 20)


def test_a_wrong_secret_is_named_by_its_setting_and_stands_in_no_log(
    tiny_data: Path, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), running(with_spotify(tiny_data, service.url, "a-wrong-secret")) as api:
        assert api.get("/discovery/music/popular").json()["stale"] is True
    assert "SPOTIFY_CLIENT_SECRET" in caplog.text
    wrong = base64.b64encode(f"{ID}:a-wrong-secret".encode()).decode()
    assert "a-wrong-secret" not in caplog.text
    assert wrong not in caplog.text


def test_neither_secret_nor_token_is_in_any_log(
    tiny_data: Path, service: Service, spotify: Spotify, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), running(with_spotify(tiny_data, service.url)) as api:
        api.get("/discovery/music/popular")
        spotify.fault = (500, {"error": spotify.valid})
        api.get("/discovery/music/search?q=other")
    assert "token-1" not in caplog.text
    assert SECRET not in caplog.text
    assert BASIC.removeprefix("Basic ") not in caplog.text


@pytest.mark.parametrize("query", ["", "?limit=0", "?q=x&limit=51", "?q=x&type=artist", "?q=x&region=usa"])
def test_what_is_out_of_range_is_refused(musical: Api, query: str) -> None:
    assert musical.get(f"/discovery/music/search{query}").status_code == 422
