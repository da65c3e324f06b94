from __future__ import annotations

import json

import pytest

from serving.http.schemas import RecommendationList
from tests.serving.conftest import Api, ids
from tests.serving.releases import ALIEN, ALIENS, AMELIE, GRAVITY, MOON, SOLARIS


def test_a_stored_list_is_ranked_without_what_was_rated(api: Api) -> None:
    body = api.get("/recommendations/ml_1?limit=3").json()
    # ml_1 rated Alien and Aliens: the next on the same axis are Solaris 0.7, Moon 0.6, Gravity 0.5
    assert ids(body) == [SOLARIS, MOON, GRAVITY]
    assert [item["rank"] for item in body["recommendations"]] == [1, 2, 3]
    assert (body["user_id"], body["strategy"], body["fallback_used"]) == ("ml_1", "precomputed", False)
    assert body["total_ratings"] == 2
    assert body["release_id"] == api.context.snapshot().release_id
    assert body["generated_at"] == "2026-11-20T03:00:00Z"


def test_scores_and_reasons_are_those_of_the_fold_in(api: Api) -> None:
    # confidences beyond 1 are the weights 5/5 and 4/5 (alpha 1): x = (0.9 * 2 + 0.8 * 1.8) / (1 + 0.81 + 0.64 * 0.8)
    x = (0.9 * 2 + 0.8 * 1.8) / (1 + 0.81 * 1 + 0.64 * 0.8)
    first = api.get("/recommendations/ml_1?limit=1").json()["recommendations"][0]
    assert first["score"] == pytest.approx(0.2 + 0.2 * 0.7 * x, abs=1e-4)  # read off the curve of this release
    # each reason's share is its own part of the sum above
    assert [(r["movie_id"], r["title"]) for r in first["because"]] == [(ALIEN, "Alien"), (ALIENS, "Aliens")]
    assert first["because"][0]["share"] == pytest.approx(1.8 / (1.8 + 1.44), abs=2e-3)


def test_an_item_says_what_an_app_shows(api: Api) -> None:
    first = api.get("/recommendations/ml_1?limit=1").json()["recommendations"][0]
    assert (first["title"], first["year"], first["genres"]) == ("Solaris", 1972, ["Science Fiction", "Drama"])
    assert first["poster_url"] == "https://image.tmdb.org/t/p/w500/13.jpg"
    assert first["vote_average"] == 7.6
    assert first["reason"] == "hybrid"


def test_the_bytes_keep_the_documented_shape(api: Api) -> None:
    for user in ("ml_1", "ml_2", "ml_3", "nobody"):
        text = api.get(f"/recommendations/{user}?limit=4").text
        RecommendationList.model_validate_json(text)
        assert json.loads(text)["recommendations"]


def test_somebody_unknown_gets_popular_films(api: Api) -> None:
    body = api.get("/recommendations/stranger?limit=2").json()
    # Alien has four ratings; Amélie and Aliens have two, 5.0 and 5.0 against 5.0 and 4.0
    assert ids(body)[0] == ALIEN
    assert (body["strategy"], body["fallback_used"], body["total_ratings"]) == ("popularity_fallback", True, 0)
    assert {item["reason"] for item in body["recommendations"]} == {"popular"}
    assert body["recommendations"][0]["because"] is None


def test_a_bare_number_is_a_movielens_user(api: Api) -> None:
    assert api.get("/recommendations/2").json()["user_id"] == "ml_2"
    assert AMELIE not in ids(api.get("/recommendations/2?limit=4").json())


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5", ""])
def test_a_limit_out_of_range_is_refused(api: Api, limit: str) -> None:
    answer = api.get(f"/recommendations/ml_1?limit={limit}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["where"] == "query.limit"


def test_names_that_json_must_escape_come_back_whole(api: Api) -> None:
    answer = api.get("/recommendations/a%22b%5Cc%0Aé")
    assert answer.json()["user_id"] == 'a"b\\c\né'
