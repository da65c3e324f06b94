from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.serving.conftest import Api, ids, running, settings_of
from tests.serving.releases import (
    ALIEN,
    ALIENS,
    AMELIE,
    BRAZIL,
    CHOCOLAT,
    FILMS,
    GRAVITY,
    MOON,
    ONCE,
    PEOPLE,
    SOLARIS,
    publish_release,
)


def test_a_list_longer_than_stored_goes_on_as_the_model_ranks(api: Api) -> None:
    # four films are stored; Brazil 0.1 is the model's next, and romance scores 0, lower ids first
    body = api.get("/recommendations/ml_1?limit=100").json()
    assert ids(body)[:5] == [SOLARIS, MOON, GRAVITY, BRAZIL, AMELIE]
    assert sorted(ids(body)) == sorted({film[0] for film in FILMS} - {ALIEN, ALIENS})
    assert [item["rank"] for item in body["recommendations"]] == list(range(1, 9))
    assert body["strategy"] == "precomputed"


@pytest.mark.parametrize("query", ["limit=4", "limit=100", "limit=100&genre=Romance,drama,comedy"])
def test_scores_never_rise_within_a_list_however_it_was_filled(api: Api, query: str) -> None:
    for user in PEOPLE:
        scores = [item["score"] for item in api.get(f"/recommendations/{user}?{query}").json()["recommendations"]]
        assert all(below <= above for above, below in pairwise(scores)), (user, scores)


def test_as_many_films_carry_reasons_as_the_release_says(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    publish_release(settings.folder, explained=2)
    with running(settings) as api:
        body = api.get("/recommendations/ml_1?limit=8").json()
    assert [item["because"] is not None for item in body["recommendations"]] == [True] * 2 + [False] * 6


def test_a_filter_takes_away_and_the_model_adds(api: Api) -> None:
    body = api.get("/recommendations/ml_1?genre=Romance,comedy&genres_mode=any&limit=3").json()
    # of what is stored only Brazil passes
    assert ids(body) == [BRAZIL, AMELIE, CHOCOLAT]
    assert body["recommendations"][1]["reason"] == "hybrid"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("year_from=2013", [GRAVITY]),
        ("year_to=1972", [SOLARIS]),
        ("year_from=2005&year_to=2010", [MOON, ONCE]),
        ("min_rating=7.7", [BRAZIL, AMELIE]),
        (f"exclude={SOLARIS},{MOON}&genre=Drama", [GRAVITY, CHOCOLAT]),
        ("genre=Romance,Comedy", [AMELIE]),
        ("genre=science fiction&year_from=2000", [MOON, GRAVITY]),
    ],
)
def test_filters_pass_what_they_say(api: Api, query: str, expected: list[int]) -> None:
    assert ids(api.get(f"/recommendations/ml_1?{query}&limit=100").json()) == expected


def test_an_unknown_genre_is_refused_by_name(api: Api) -> None:
    answer = api.get("/recommendations/ml_1?genre=Western")
    assert answer.status_code == 422
    assert "Romance" in answer.text


def test_filters_hold_for_popular_films_too(api: Api) -> None:
    body = api.get("/recommendations/nobody?genre=Romance&limit=2").json()
    assert ids(body)[0] == AMELIE
    assert {item["reason"] for item in body["recommendations"]} == {"popular_in_genre"}


@pytest.mark.parametrize("query", ["year_from=x", "exclude=1,,2", "exclude=a", "min_rating=11", "genre=,", "genre="])
def test_filters_that_cannot_be_read_are_refused(api: Api, query: str) -> None:
    assert api.get(f"/recommendations/ml_1?{query}").status_code == 422


def test_a_batch_is_each_ones_list_in_order(api: Api) -> None:
    body = api.post("/recommendations/batch", json={"user_ids": ["2", "nobody", "ml_1"], "limit": 2}).json()
    assert [one["user_id"] for one in body["lists"]] == ["ml_2", "nobody", "ml_1"]
    for one in body["lists"]:
        assert one == api.get(f"/recommendations/{one['user_id']}?limit=2").json()
    wrongs: list[dict[str, list[str]]] = [{"user_ids": []}, {"user_ids": ["a"] * 101}, {"user_ids": [""]}, {}]
    for wrong in wrongs:
        assert api.post("/recommendations/batch", json=wrong).status_code == 422


def test_the_older_name_answers_alike(api: Api) -> None:
    assert api.get("/api/recommendations?user_id=1&top_n=3").json() == api.get("/recommendations/ml_1?limit=3").json()
    assert api.get("/api/recommendations?top_n=3").status_code == 401


def test_an_unchanged_list_costs_a_304(api: Api) -> None:
    answer = api.get("/recommendations/ml_1")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert {"Authorization", "X-API-Key"} <= set(answer.headers["vary"].split(", "))
    for tag in (answer.headers["etag"], f'"other", {answer.headers["etag"]}', "*"):
        again = api.get("/recommendations/ml_1", headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert api.get("/recommendations/ml_1", headers={"If-None-Match": '"other"'}).status_code == 200
