"""Films to look through: TMDB's where a key is set and it answers, the release's otherwise."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.serving.conftest import Api, running, settings_of
from tests.serving.releases import ALIEN, ALIENS, AMELIE
from tests.serving.services import Service, age, serving

KEY = "0123456789abcdef0123456789abcdef"
TOTAL = 45


def film(number: int) -> dict[str, Any]:
    known = {1: ALIEN, 21: AMELIE}.get(number, 9000 + number)
    return {"id": known, "title": f"Film {number}", "release_date": "2026-05-01", "genre_ids": [878, 27, 4711],
            "overview": "…", "poster_path": "/p.jpg", "backdrop_path": None, "vote_average": 7.25}  # fmt: skip


def tmdb(_method: str, path: str, query: dict[str, str], _headers: Any) -> tuple[int, Any]:
    """Answer as TMDB does, with 45 films in all, 20 a page."""
    if query.get("api_key") != KEY:
        return 401, {"success": False, "status_code": 7, "status_message": "Invalid API key"}
    first = (int(query["page"]) - 1) * 20 + 1
    films = [film(number) for number in range(first, min(first + 20, TOTAL + 1))]
    return 200, {"page": int(query["page"]), "results": films, "total_pages": 3, "total_results": TOTAL}


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(tmdb) as started:
        yield started


@pytest.fixture
def discovering(tiny_data: Path, service: Service) -> Iterator[Api]:
    with running(with_tmdb(tiny_data, service.url)) as api:
        yield api


def with_tmdb(data_dir: Path, url: str, key: str = KEY) -> Any:
    settings = settings_of(data_dir)
    tmdb_settings = settings.tmdb.model_copy(
        update={"base_url": url, "discovery_seconds": 5.0, "discovery_rate": 100.0}
    )
    return settings.model_copy(update={"tmdb": tmdb_settings, "tmdb_api_key": SecretStr(key)})


def test_without_a_key_it_is_the_releases_own(api: Api) -> None:
    body = api.get("/discovery/movies/popular?limit=3&page=2").json()
    plain = api.get("/movies/popular").json()
    assert (body["source"], body["total_results"], body["total_pages"]) == ("release", plain["total_results"], 3)
    assert body["results"] == plain["results"][3:6]
    assert {item["recommendable"] for item in body["results"]} == {True}
    found = [api.get(f"/discovery/movies/search?{name}=alien").json()["results"] for name in ("q", "query")]
    assert found[0] == found[1] == api.get("/movies/search?q=alien").json()["results"]
    assert [item["movie_id"] for item in found[0]] == [ALIEN, ALIENS]


def test_the_releases_own_is_cached_by_its_release(api: Api) -> None:
    first = api.get("/discovery/movies/popular")
    again = api.get("/discovery/movies/popular", headers={"If-None-Match": first.headers["etag"]})
    assert (first.headers["cache-control"], again.status_code) == ("public, max-age=300", 304)


def test_trending_films_say_whether_they_can_be_recommended(discovering: Api, service: Service) -> None:
    body = discovering.get("/discovery/movies/popular?limit=3&language=de-DE").json()
    assert (body["source"], body["total_results"], body["total_pages"]) == ("tmdb", TOTAL, 15)
    assert [(item["rank"], item["movie_id"], item["recommendable"]) for item in body["results"]] == [
        (1, ALIEN, True), (2, 9002, False), (3, 9003, False)
    ]  # fmt: skip
    first = body["results"][0]
    assert (first["title"], first["year"], first["genres"]) == ("Film 1", 2026, ["Science Fiction", "Horror"])
    assert (first["poster_url"], first["score"]) == ("https://image.tmdb.org/t/p/w500/p.jpg", None)
    assert service.asked == [("/trending/movie/week", {"page": "1", "language": "de-DE", "api_key": KEY})]


@pytest.mark.parametrize(("limit", "page"), [(20, 1), (20, 3), (7, 3), (30, 1), (30, 2), (100, 1), (15, 2)])
def test_any_page_is_put_together_from_pages_of_twenty(discovering: Api, limit: int, page: int) -> None:
    body = discovering.get(f"/discovery/movies/popular?limit={limit}&page={page}").json()
    first = (page - 1) * limit + 1
    expected = list(range(first, min(first + limit, TOTAL + 1)))
    assert [item["title"] for item in body["results"]] == [f"Film {number}" for number in expected]
    assert [item["rank"] for item in body["results"]] == expected


def test_a_region_has_popular_films_of_its_own(discovering: Api, service: Service) -> None:
    discovering.get("/discovery/movies/popular?region=FR")
    assert service.asked == [("/movie/popular", {"page": "1", "region": "FR", "api_key": KEY})]


def test_a_search_is_tmdbs(discovering: Api, service: Service) -> None:
    for name in ("q", "query"):
        body = discovering.get(f"/discovery/movies/search?{name}=Some+Film&region=US&language=en-US&limit=2").json()
        assert (body["source"], len(body["results"])) == ("tmdb", 2)
    query = {"query": "Some Film", "page": "1", "language": "en-US", "region": "US", "api_key": KEY}
    assert service.asked == [("/search/movie", query)], "the second was remembered"


def test_a_genre_is_the_releases(discovering: Api, service: Service) -> None:
    body = discovering.get("/discovery/movies/popular?genre=Romance").json()
    assert (body["source"], service.asked) == ("release", [])
    assert discovering.get("/discovery/movies/popular?genre=nonsense").status_code == 422


@pytest.mark.parametrize("fault", [(500, {}), (200, b"<html>"), (200, {"results": "none"}), (404, {}), (401, {})])
def test_whatever_tmdb_says_there_is_a_list(discovering: Api, service: Service, fault: tuple[int, Any]) -> None:
    service.answer = lambda *_: fault
    for path in ("/discovery/movies/popular?limit=4", "/discovery/movies/search?q=alien"):
        answer = discovering.get(path)
        assert answer.status_code == 200
        assert answer.json()["source"] in ("release", "tmdb")
        assert answer.headers["cache-control"] == "public, max-age=60"


def test_a_service_that_is_down_is_left_alone_for_a_while(discovering: Api, service: Service) -> None:
    service.answer = lambda *_: (503, {})
    for page in range(1, 6):
        assert discovering.get(f"/discovery/movies/popular?page={page}").json()["source"] == "release"
    assert {query["page"] for _, query in service.asked} == {"1", "2", "3"}, "after three failures comes a rest"


def test_an_old_answer_is_better_than_none(discovering: Api, service: Service) -> None:
    discovering.get("/discovery/movies/popular?limit=2")
    age(discovering.context.tmdb_answers, 3600)
    service.answer = lambda *_: (503, {})
    body = discovering.get("/discovery/movies/popular?limit=2").json()
    assert (body["source"], len(body["results"])) == ("tmdb", 2)


def test_the_key_is_in_no_log(tiny_data: Path, service: Service, caplog: pytest.LogCaptureFixture) -> None:
    wrong = "ffffffffffffffffffffffffffffffff"
    with caplog.at_level(logging.DEBUG), running(with_tmdb(tiny_data, service.url, wrong)) as api:
        assert api.get("/discovery/movies/popular").json()["source"] == "release"
    assert "TMDB_API_KEY" in caplog.text
    assert wrong not in caplog.text


@pytest.mark.parametrize("query", ["language=german", "region=usa", "region=us", "limit=0", "limit=101", "page=501"])
def test_what_is_out_of_range_is_refused(api: Api, query: str) -> None:
    assert api.get(f"/discovery/movies/popular?{query}").status_code == 422


def test_a_search_for_nothing_is_refused(api: Api) -> None:
    assert api.get("/discovery/movies/search").status_code == 422
