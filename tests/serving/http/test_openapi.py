from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from serving.http import schemas
from serving.routes.documented import EXAMPLES
from tests.serving.conftest import Api, settings_of
from tests.serving.process import serving_process
from tests.serving.releases import publish_release

EXPECTED = {
    "/recommendations/{user_id}", "/recommendations/me", "/recommendations/batch", "/api/recommendations", "/recommend",
    "/movies/{movie_id}", "/movies/{movie_id}/similar", "/movies/popular", "/movies/search", "/genres",
    "/discovery/movies/popular", "/discovery/movies/search", "/health", "/ready", "/release", "/metrics",
    "/users/{user_id}/history",
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


def test_the_docs_page_is_served(api: Api) -> None:
    answer = api.get("/docs")
    assert (answer.status_code, "swagger" in answer.text.lower()) == (200, True)


@pytest.mark.slow
@pytest.mark.parametrize("keys", ["", "the-key-of-16-and-more"])
def test_no_request_makes_it_fail_or_answer_what_is_not_documented(tmp_path: Path, keys: str) -> None:
    settings = settings_of(tmp_path, api_keys=keys, feedback=True, access_log=False)
    publish_release(settings.folder, created_at=datetime.now(UTC).replace(microsecond=0))
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
