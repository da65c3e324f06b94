"""Each row of docs/api-migration.md, as an older app would send it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.models.content import ContentModel
from tests.serving.conftest import Api, running, settings_of, supabase_settings_of
from tests.serving.releases import ANNA, BEN, PEOPLE, film_table, people_of, publish_release
from tests.serving.supabase import FakeSupabase

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api-migration.md").read_text(encoding="utf-8")
REQUEST = re.compile(r"`(GET|POST) (/[^`{]*?)( \{.*\})?`")
ONE_NAME = re.compile(r"`([a-z_]+)`")


def rows(heading: str) -> list[tuple[str, ...]]:
    """Return the rows of the table under a heading, without its first two lines."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


@pytest.fixture(scope="module")
def old_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, FakeSupabase]]:
    """The API with keys, a project and a content model; ANNA's and BEN's ratings are in the project."""
    data_dir = tmp_path_factory.mktemp("migration")
    people, films = people_of(PEOPLE), film_table()
    content = ContentModel().fit(people.histories_in(films), films)
    sources = {ANNA: "supabase", BEN: "supabase"}
    publish_release(settings_of(data_dir).folder, sources=sources, others=[content])
    supabase = FakeSupabase.with_people(ANNA, BEN)
    settings = supabase_settings_of(data_dir, api_keys="first-key", feedback=True)
    with running(settings, supabase.transport()) as api:
        yield api, supabase


def send(old_api: tuple[Api, FakeSupabase], cell: str, *, anybody: bool = False) -> httpx.Response:
    """Send the request that a cell of the page holds, with the key unless it is said otherwise."""
    api, supabase = old_api
    found = REQUEST.search(cell)
    assert found, cell
    method, path, body = found.groups()
    headers = {} if anybody else {"X-API-Key": "first-key"}
    if "bearer token" in cell or path.startswith("/recommendations/me"):
        headers = {"Authorization": f"Bearer {supabase.token(ANNA)}"}
    return api.request(method, path, headers=headers, json=json.loads(body) if body else None)


def films(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [item["movie_id"] for item in body.get("recommendations", body.get("results"))]


def test_the_page_has_its_tables() -> None:
    sizes = [len(rows(name)) for name in ("Routes that are accepted as they are", "Answers that have another status",
                                         "Parameters", "Fields")]  # fmt: skip
    assert min(sizes) >= 7


@pytest.mark.parametrize("row", rows("Routes that are accepted as they are"), ids=lambda row: row[0][:60])
def test_an_older_request_gives_the_same_films(old_api: tuple[Api, FakeSupabase], row: tuple[str, ...]) -> None:
    older, now = (films(send(old_api, cell)) for cell in row)
    assert older
    assert older == now


@pytest.mark.parametrize("row", rows("Answers that have another status"), ids=lambda row: row[0][:60])
def test_another_status_is_the_one_on_the_page(old_api: tuple[Api, FakeSupabase], row: tuple[str, ...]) -> None:
    answer = send(old_api, row[0], anybody="without a key" in row[0])
    assert answer.status_code == int(row[2]), answer.text
    detail = answer.json()["detail"]
    if "named" in row[1]:
        shown = ("999998", "999999") if "ids" in row[1] else ("SPOTIFY_CLIENT_ID",) if row[2] == "503" else ("Drama",)
        assert all(word in detail for word in shown), detail
    if "fallback_used" in row[1]:
        assert send(old_api, row[1]).json()["fallback_used"] is True


@pytest.mark.parametrize("row", rows("Parameters"), ids=lambda row: f"{row[0]} {row[2]}")
def test_an_older_parameter_is_refused_by_naming_the_newer(
    old_api: tuple[Api, FakeSupabase], row: tuple[str, ...]
) -> None:
    older, newer, path = (cell.strip("`") for cell in row)
    api, _ = old_api
    url = path.replace("{user_id}", "ml_1")
    value = "3" if newer in ("limit", "k") else "Drama" if newer == "genre" else "alien"
    key = {"X-API-Key": "first-key"}
    refused = api.get(url, params={older: value}, headers=key)
    assert refused.status_code == 422
    assert newer in refused.json()["detail"]
    assert api.get(url, params={newer: value}, headers=key).status_code == 200


@pytest.fixture(scope="module")
def answers(old_api: tuple[Api, FakeSupabase]) -> dict[str, dict[str, Any]]:
    """One answer of each kind that the page's fields are in."""
    stored = send(old_api, "`GET /recommendations/ml_1?limit=3`").json()
    page = send(old_api, "`GET /discovery/movies/search?query=alien`").json()
    return {
        "list": stored, "item": stored["recommendations"][0], "page": page, "page item": page["results"][0],
        "film": send(old_api, "`GET /movies/11`").json(), "problem": send(old_api, "`GET /movies/99999`").json(),
        "rating": send(old_api, "`GET /users/ml_1/rating/13`").json(),
    }  # fmt: skip


@pytest.mark.parametrize("row", rows("Fields"), ids=lambda row: f"{row[0]} in {row[2]}")
def test_a_field_of_the_page_is_in_the_answer(answers: dict[str, dict[str, Any]], row: tuple[str, ...]) -> None:
    name = ONE_NAME.search(row[1])
    assert name, row
    answer = answers[row[2]]
    assert name[1] in answer
    gone = {older for older in re.findall(r"`([A-Za-z_]+)`", row[0]) if older != name[1]}
    if row[2] in ("list", "problem"):
        assert not gone & set(answer) - {"personalized"}, "an older name that is there means something else"
