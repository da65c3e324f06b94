from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from serving.http import docs, examples, schemas
from serving.routes.documented import EXAMPLES
from serving.snapshot import Snapshot
from tests.browser import browser
from tests.serving.conftest import Api, running, settings_of
from tests.serving.process import serving_process
from tests.serving.releases import ANNA, BEN, publish_release
from tests.serving.test_discovery_standins import asking, free_port

EXPECTED = {
    "/recommendations/{user_id}",
    "/recommendations/{user_id}/why-not/{movie_id}",
    "/recommendations/me", "/recommendations/batch", "/api/recommendations", "/recommend",
    "/movies/{movie_id}", "/movies/{movie_id}/similar", "/movies/popular", "/movies/search", "/genres",
    "/discovery/movies/popular", "/discovery/movies/search", "/health", "/ready", "/release", "/metrics",
    "/users/{user_id}/history", "/users/{user_id}/rating/{movie_id}", "/discovery/music/popular",
    "/discovery/music/search", "/movies/{movie_id}/music",
}  # fmt: skip


def page(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/openapi.json").json()
    return found


def test_every_route_is_there(api: Api) -> None:
    assert set(page(api)["paths"]) == EXPECTED


def test_every_route_says_what_it_does_and_how_it_may_fail(api: Api) -> None:
    for path, methods in page(api)["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (method, path)
            assert route["description"], (method, path)
            for status, answer in route["responses"].items():
                if status.startswith(("4", "5")):
                    assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


def test_personal_routes_say_what_they_need(api: Api) -> None:
    paths = page(api)["paths"]
    assert paths["/recommendations/{user_id}"]["get"]["security"] == [{"apiKey": []}, {"bearer": []}]
    assert paths["/recommendations/me"]["get"]["security"] == [{"bearer": []}]
    assert "security" not in paths["/movies/popular"]["get"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_keep_their_shapes(name: str) -> None:
    getattr(schemas, name).model_validate(EXAMPLES[name])


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_load_nothing_from_elsewhere(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 200
    places = re.findall(r'(?:src|href|spec-url)="([^"]+)"', answer.text)
    assert places
    for place in places:
        assert place.startswith(("./", "data:")), place
        if place.startswith("./"):
            assert api.get(place.removeprefix(".")).status_code == 200, place


def test_the_page_is_made_once_a_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path)
    publish_release(settings.folder)
    made: list[str] = []

    def counted(snapshot: Snapshot, *, everybody: bool) -> examples.Examples:
        made.append(snapshot.etag)
        return examples.examples_of(snapshot, everybody=everybody)

    monkeypatch.setattr(docs, "examples_of", counted)
    with running(settings) as api:
        first = api.get("/openapi.json")
        again = api.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, len(made)) == (304, b"", 1)
        publish_release(settings.folder, number=1)
        assert api.refresh()
        assert api.get("/openapi.json").headers["etag"] != first.headers["etag"]
        assert len(made) == 2


def test_older_names_are_marked(api: Api) -> None:
    paths = page(api)["paths"]
    deprecated = {path for path, methods in paths.items() if any(route.get("deprecated") for route in methods.values())}
    older = {path for path, methods in paths.items() if any("older names" in r["tags"] for r in methods.values())}
    assert deprecated == older == {"/api/recommendations"}


def test_every_example_is_of_this_release(api: Api) -> None:
    paths, tried, shown = page(api)["paths"], 0, {"user_id", "liked", "genre", "query", "q"}
    for path, methods in paths.items():
        for method, route in methods.items():
            given = {p["name"]: p["example"] for p in route.get("parameters", ()) if "example" in p}
            needed = {p["name"] for p in route.get("parameters", ()) if p["required"]}
            if route["tags"] == ["operations"] or path == "/recommendations/me" or not needed <= set(given):
                continue
            if "music" in path:
                continue  # a 503 that says which keys to set
            url = path
            for name in needed & set(re.findall(r"{(\w+)}", path)):
                url = url.replace(f"{{{name}}}", str(given.pop(name)))
            query = {name: value for name, value in given.items() if name in needed or name in shown}
            body = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
            answer = api.request(method.upper(), url, params=query, json=body)
            assert answer.status_code == 200, (url, query, body, answer.text)
            assert answer.json() if path != "/metrics" else answer.text
            tried += 1
    assert tried >= 12


def test_examples_of_answers_are_answers(api: Api) -> None:
    found = page(api)["paths"]
    stored = found["/recommendations/{user_id}"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    real = api.get(f"/recommendations/{stored['user_id']}?limit=2").json()
    assert stored == real
    wished = found["/recommend"]["post"]["responses"]["200"]["content"]["application/json"]["example"]
    schemas.WishedList.model_validate(wished)
    assert wished["release_id"] == real["release_id"]


def test_nobody_of_an_app_and_nobodys_list_is_an_example_where_keys_are_needed(app_api: Api) -> None:
    text = app_api.get("/openapi.json").text
    assert ANNA not in text
    assert BEN not in text
    example = page(app_api)["paths"]["/recommendations/{user_id}"]["get"]["responses"]["200"]["content"]
    made_up = example["application/json"]["example"]
    assert made_up["release_id"] == EXAMPLES["RecommendationList"]["release_id"]


def test_older_names_stand_last_and_once(api: Api) -> None:
    found = page(api)
    assert [tag["name"] for tag in found["tags"]][-1] == "older names"
    assert found["paths"]["/api/recommendations"]["get"]["tags"] == ["older names"]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "shows"), [("/docs", "Somebody's list"), ("/redoc", "Response samples")])
def test_the_pages_are_drawn_without_a_network(tmp_path: Path, path: str, shows: str) -> None:
    settings = settings_of(tmp_path)
    publish_release(settings.folder)
    with serving_process(settings) as url, browser(tmp_path) as screen:
        text = screen.open(f"{url}{path}", shows)
        screen.picture(tmp_path / f"{path.strip('/')}.png")
        assert "/recommendations/{user_id}" in text.replace("\u200b", "")
        loaded = screen.run("performance.getEntriesByType('resource').map(one => one.name)")
    assert loaded
    assert [place for place in loaded if not place.startswith((url, "data:", "blob:"))] == []


@pytest.mark.slow
@pytest.mark.parametrize("keys", ["", "the-key-of-16-and-more"])
def test_no_request_makes_it_fail_or_answer_what_is_not_documented(tmp_path: Path, keys: str) -> None:
    settings = settings_of(tmp_path, api_keys=keys, feedback=True, access_log=False)
    publish_release(settings.folder, created_at=datetime.now(UTC).replace(microsecond=0))
    # music is asked for where nobody answers: without keys it would be the 503 that says what to set
    settings = asking(settings, f"http://127.0.0.1:{free_port()}")
    command = [
        str(Path(sys.executable).parent / "schemathesis"), "run", "--checks",
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
        "response_headers_conformance,ignored_auth",
        "--max-examples", "60", "--generation-database", "none", "--seed", "1",
        *(["--header", f"X-API-Key: {keys}"] if keys else ["--exclude-checks", "ignored_auth"]),
    ]  # fmt: skip
    with serving_process(settings) as url:
        done = subprocess.run(
            [*command, f"{url}/openapi.json"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=500
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
