"""The API in front of the stand-ins of TMDB and Spotify: with faults, slow and down, no answer is an error or late."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from pydantic import SecretStr

from pipelines.settings import Settings
from tests.serving.conftest import Api, running, settings_of

pytestmark = pytest.mark.slow

STANDINS = Path(__file__).resolve().parents[3] / "shared" / "standins"
SPOTIFY_ID, SPOTIFY_SECRET = "c0ffee00c0ffee00c0ffee00c0ffee00", "5ec2e7005ec2e7005ec2e7005ec2e700"
TMDB_KEY = "0123456789abcdef0123456789abcdef"
WORDS = [
    "amber",
    "river",
    "static",
    "velvet",
    "harbour",
    "signal",
    "paper",
    "winter",
    "ember",
    "quiet",
    "glass",
    "salt",
    "meadow",
    "neon",
]
MUSIC = [
    "/discovery/music/popular?limit=12",
    *(f"/discovery/music/search?q={word}&limit=12" for word in WORDS),
    "/movies/11/music",
    "/movies/12/music",
]
FILMS = ["/discovery/movies/popular?limit=30", *(f"/discovery/movies/search?query={word}" for word in WORDS)]
SECONDS = 1.0


@contextmanager
def standin(name: str, *options: str) -> Iterator[str]:
    """Run a stand-in and yield its address; skips without ../shared."""
    program = STANDINS / f"{name}.py"
    if not program.exists():
        pytest.skip(f"{program.name} is not in ../shared/standins")
    port = free_port()
    command = [sys.executable, "-u", str(program), "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def api_before(data_dir: Path, url: str, **tmdb: Any) -> Iterator[Api]:
    with running(asking(settings_of(data_dir), url, **tmdb)) as api:
        yield api


def asking(settings: Settings, url: str, **tmdb: Any) -> Settings:
    """Return settings that ask both services at one address."""
    spotify = settings.spotify.model_copy(
        update={"base_url": f"{url}/v1", "token_url": f"{url}/api/token", "rate": 25.0, "seconds": SECONDS}
    )
    films = settings.tmdb.model_copy(update={"base_url": f"{url}/3", "discovery_seconds": SECONDS, **tmdb})
    return settings.model_copy(update={
        "spotify": spotify, "spotify_client_id": SPOTIFY_ID, "spotify_client_secret": SecretStr(SPOTIFY_SECRET),
        "tmdb": films, "tmdb_api_key": SecretStr(TMDB_KEY),
    })  # fmt: skip


def ask_all(api: Api, paths: list[str]) -> list[dict[str, Any]]:
    """Ask one after another; none may be an error, or take longer than its service's time and a little."""
    bodies = []
    for path in paths:
        started = time.monotonic()
        answer = api.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert time.monotonic() - started < 2 * SECONDS + 1, path  # a soundtrack is two questions
        bodies.append(answer.json())
    return bodies


def stats(url: str) -> dict[str, Any]:
    with urlopen(f"{url}/__stats") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.mark.parametrize("mode", ["extended", "development"])
def test_spotify_well(tiny_data: Path, mode: str) -> None:
    with standin("spotify", "--mode", mode, "--latency", "0.01") as url, api_before(tiny_data, url) as api:
        bodies = ask_all(api, MUSIC)
        assert [body["stale"] for body in bodies] == [False] * len(MUSIC)
        assert all(len(body["results"]) == 12 for body in bodies[: len(WORDS) + 1])
        assert bodies[-2]["albums"][0]["name"] == "Alien (Original Motion Picture Soundtrack)"
        assert len(bodies[-2]["tracks"]) == 8
        statuses = stats(url)["status"]
    assert set(statuses) <= ({"200"} if mode == "extended" else {"200", "400", "403"})
    assert statuses.get("403", 0) <= 1


@pytest.mark.parametrize("options", [("--faults", "0.4", "--slow", "3"), ("--latency", "3"), ("--rate", "2"),
                                     ("--token-seconds", "1"), ("--faults", "1", "--slow", "3")])  # fmt: skip
def test_spotify_ill_costs_no_error(tiny_data: Path, options: tuple[str, ...]) -> None:
    with standin("spotify", *options) as url, api_before(tiny_data, url) as api:
        ask_all(api, MUSIC)


@pytest.mark.parametrize("options", [(), ("--faults", "0.4", "--slow", "3"), ("--latency", "3"), ("--rate", "2"),
                                     ("--faults", "1", "--slow", "3")])  # fmt: skip
def test_tmdb_well_and_ill_costs_no_error(tiny_data: Path, options: tuple[str, ...]) -> None:
    with standin("tmdb", *options) as url, api_before(tiny_data, url, discovery_rate=50.0) as api:
        bodies = ask_all(api, FILMS)
        if not options:
            assert {body["source"] for body in bodies} == {"tmdb"}
            assert len(bodies[0]["results"]) == 30


def test_both_down_cost_no_error(tiny_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), api_before(tiny_data, f"http://127.0.0.1:{free_port()}") as api:
        music, films = ask_all(api, MUSIC), ask_all(api, FILMS)
    assert {body["stale"] for body in music} == {True}
    assert {body["source"] for body in films} == {"release"}
    for secret in (SPOTIFY_SECRET, TMDB_KEY):
        assert secret not in caplog.text


def test_tmdb_is_asked_within_its_rate(tiny_data: Path) -> None:
    rate = 5.0
    with standin("tmdb", "--rate", "1000") as url, api_before(tiny_data, url, discovery_rate=rate) as api:
        started = time.monotonic()
        for number in range(1, 41):
            api.get(f"/discovery/movies/popular?page={number}")
        seconds = time.monotonic() - started
        found = stats(url)
    assert found["requests"] <= rate * seconds + 2 + 1
    assert found["status"].get("429", 0) == 0
