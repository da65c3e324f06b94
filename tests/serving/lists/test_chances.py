"""Scores as callers see them: between 0 and 1, falling, the same for a stored list and a live one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.models.content import ContentModel
from pipelines.models.popularity import PopularityModel
from tests.serving.conftest import Api, running, settings_of
from tests.serving.releases import ALIEN, ALIENS, AMELIE, PEOPLE, film_table, people_of, publish_release

LISTS = [
    "/recommendations/ml_1?limit=4", "/recommendations/ml_1?limit=8", "/recommendations/ml_2?limit=100",
    "/recommendations/nobody?limit=10", "/recommendations/ml_1?genre=Romance&limit=10",
    "/recommendations/nobody?genre=Drama", "/recommend?liked=11&k=10", "/recommend?liked=11&k=10&model=content",
    "/recommend?query=space&k=10", "/recommend?query=nothing+such&k=10", "/recommend?liked=11&model=baseline",
    "/movies/popular", "/movies/popular?genre=Drama", "/movies/popular?genre=trending", "/movies/search?q=a",
    "/movies/11/similar",
]  # fmt: skip


def scores(answer: dict[str, Any]) -> list[float]:
    return [item["score"] for item in answer.get("recommendations", answer.get("results", []))]


@pytest.mark.parametrize("path", LISTS)
def test_scores_are_between_0_and_1_and_fall(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    found = scores(answer.json())
    assert found
    assert all(0 <= score <= 1 for score in found), found
    assert found == sorted(found, reverse=True)


def test_a_score_is_read_off_the_releases_curve(api: Api) -> None:
    # 0.2 and another 0.2 a point; Solaris's raw score is worked out in test_recommendations
    x = (0.9 * 2 + 0.8 * 1.8) / (1 + 0.81 * 1 + 0.64 * 0.8)
    assert scores(api.get("/recommendations/ml_1?limit=1").json()) == [pytest.approx(0.2 + 0.2 * 0.7 * x, abs=1e-4)]


def test_the_raw_score_stays_in_the_release(tiny_data: Path) -> None:
    with duckdb.connect(tiny_data / "releases" / "current.duckdb", read_only=True) as con:
        raw = con.execute("SELECT score FROM recommendations WHERE user_id = 'ml_1' AND rank = 1").fetchall()[0][0]
    assert raw == pytest.approx(0.7 * (0.9 * 2 + 0.8 * 1.8) / (1 + 0.81 * 1 + 0.64 * 0.8), rel=1e-4)


@pytest.mark.parametrize(
    "path",
    ["/recommendations/ml_3?", "/recommendations/nobody?", "/recommendations/ml_2?genre=Drama&", "/movies/11/similar?"],
)
def test_a_longer_list_begins_with_the_scores_of_a_shorter_one(api: Api, path: str) -> None:
    short, long = (scores(api.get(f"{path}limit={limit}").json()) for limit in (2, 6))
    assert long[: len(short)] == short


def test_a_live_list_has_the_scores_of_the_stored_one(api: Api) -> None:
    stored = api.get("/recommendations/ml_1?limit=6").json()
    ratings = [{"movie_id": film, "rating": stars, "rated_at": f"1970-01-01T00:0{at // 60}:{at % 60:02d}Z"}
               for film, stars, at in PEOPLE["ml_1"]]  # fmt: skip
    live = api.post("/recommend", json={"ratings": ratings, "limit": 6}).json()
    assert (stored["strategy"], live["strategy"]) == ("precomputed", "live")
    assert scores(live) == scores(stored)


def test_films_that_fill_a_list_up_promise_what_popular_films_do(api: Api) -> None:
    body = api.get("/recommendations/ml_1?limit=8").json()["recommendations"]
    filled = [item for item in body if item["reason"] == "popular"]
    popular = {
        item["movie_id"]: item["score"]
        for item in api.get("/recommendations/nobody?limit=10").json()["recommendations"]
    }
    last = min(item["score"] for item in body if item["reason"] != "popular")
    assert filled
    for item in filled:
        assert item["score"] == pytest.approx(min(last, popular[item["movie_id"]]), abs=1e-4)


def test_popular_films_promise_the_share_of_their_ratings_that_are_likes(api: Api) -> None:
    # eleven ratings of four films are one bin: 13 of 14 ratings are 4 stars or more
    likes = [stars >= 4 for rows in PEOPLE.values() for _, stars, _ in rows]
    share = sum(likes) / len(likes)
    assert scores(api.get("/recommendations/nobody?limit=3").json()) == pytest.approx([share] * 3, abs=1e-4)


def test_a_model_that_nobody_measured_promises_the_films_own_shares(tmp_path: Path) -> None:
    people, films = people_of(PEOPLE), film_table()
    content = ContentModel().fit(people.histories_in(films), films)
    settings = settings_of(tmp_path)
    publish_release(settings.folder, others=[content])
    with running(settings) as api:
        api.context.snapshot().chances._curves.pop("content")
        found = scores(api.get(f"/recommend?liked={ALIEN},{ALIENS},{AMELIE}&model=content&k=3").json())
    assert found == sorted(found, reverse=True)
    assert all(0 < score < 1 for score in found)


def test_a_release_without_any_curve_still_answers(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    publish_release(settings.folder)
    with running(settings) as api:
        chances = api.context.snapshot().chances
        chances._curves.clear()
        found = scores(api.get("/recommendations/ml_1?limit=8").json())
    assert len(found) == 8
    assert found == sorted(found, reverse=True)
    assert PopularityModel.name not in chances._curves
