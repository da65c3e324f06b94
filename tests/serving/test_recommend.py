from __future__ import annotations

import time
from typing import Any

import pytest

from tests.serving.conftest import Api, ids
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
    ROMANCE,
    SCIFI,
    SOLARIS,
    STALKER,
)


def wish(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post("/recommend", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_liked_films_make_a_list_of_their_kind(api: Api) -> None:
    body = wish(api, liked=[ALIEN], limit=4)
    assert ids(body) == [ALIENS, SOLARIS, MOON, GRAVITY]
    assert (body["strategy"], body["model"], body["user_id"], body["total_ratings"]) == ("live", "cf", None, 1)
    assert body["recommendations"][0]["because"] == [{"movie_id": ALIEN, "title": "Alien", "share": 1}]


def test_get_says_the_same(api: Api) -> None:
    assert ids(api.get(f"/recommend?liked={ALIEN}&k=4").json()) == [ALIENS, SOLARIS, MOON, GRAVITY]


def test_a_list_is_full_while_there_are_films(api: Api) -> None:
    body = wish(api, liked=[ALIEN, ALIENS], limit=100)
    assert sorted(ids(body)) == sorted({film[0] for film in FILMS} - {ALIEN, ALIENS})
    assert [item["rank"] for item in body["recommendations"]] == list(range(1, 9))
    # nobody rated Stalker, so the model cannot rank it
    assert (body["fallback_used"], ids(body)[-1]) == (True, STALKER)


def test_ratings_weigh_by_their_stars(api: Api) -> None:
    # alike, the two axes tie at 0.8 * 0.9 * 2 / 1.81, lower id first; a film of half a star speaks for nothing
    both = [{"movie_id": ALIEN, "rating": 5.0}, {"movie_id": AMELIE, "rating": 5.0}]
    assert ids(wish(api, ratings=both, limit=2)) == [ALIENS, CHOCOLAT]
    both[0]["rating"] = 0.5
    assert ids(wish(api, ratings=both, limit=2)) == [CHOCOLAT, ONCE]


def test_a_known_user_gets_their_list_and_an_unknown_one_a_404(api: Api) -> None:
    body = api.get("/recommend?user_id=1&k=3").json()
    assert (body["user_id"], body["strategy"], ids(body)) == ("ml_1", "precomputed", [SOLARIS, MOON, GRAVITY])
    answer = api.get("/recommend?user_id=nobody")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert api.post("/recommend", json={"user_id": "nobody", "liked": [ALIEN]}).status_code == 404


def test_likes_come_on_top_of_a_known_users_ratings(api: Api) -> None:
    body = wish(api, user_id="ml_1", liked=[AMELIE, CHOCOLAT, SOLARIS], limit=10)
    assert not {ALIEN, ALIENS, AMELIE, CHOCOLAT, SOLARIS} & set(ids(body))
    # Moon 0.6 * (1.8 + 1.44 + 1.4) / 2.812 = 0.99, Once 0.7 * 3.4 / 2.45 = 0.97
    assert (ids(body)[:2], body["total_ratings"]) == ([MOON, ONCE], 5)


def test_unknown_films_are_ignored_and_named(api: Api) -> None:
    body = wish(api, liked=[ALIEN, 999], exclude=[998, ALIENS], limit=2)
    assert body["ignored"] == [999, 998]
    assert ids(body) == [SOLARIS, MOON]


def test_requests_may_speak_movielens(api: Api) -> None:
    # 1 is Alien there, 2 Aliens, 4 Amélie; 21 is nothing there, though it is Amélie's TMDB id
    body = wish(api, liked=[1, 21], exclude=[2], ids="movielens", limit=1)
    assert (ids(body), body["ignored"]) == ([SOLARIS], [21])
    assert ids(api.get("/recommend?liked=4&ids=movielens&k=1").json()) == [CHOCOLAT]


def test_filters_hold_whatever_ranks(api: Api) -> None:
    assert ids(wish(api, liked=[ALIEN], genres=["drama"], limit=3)) == [SOLARIS, MOON, GRAVITY]
    assert ids(wish(api, liked=[ALIEN], year_from=2000, year_to=2009, limit=4))[0] == MOON
    assert set(ids(wish(api, liked=[ALIEN], year_from=2000, year_to=2009, limit=100))) == {
        MOON, AMELIE, CHOCOLAT, ONCE,
    }  # fmt: skip
    assert set(ids(wish(api, min_rating=7.9))) == {ALIEN, ALIENS, AMELIE}


def test_several_genres_mean_all_of_them_unless_any_is_asked_for(api: Api) -> None:
    assert set(ids(wish(api, genres=[SCIFI, "Drama"]))) == {SOLARIS, MOON, GRAVITY}
    assert set(ids(wish(api, genres=["Horror", "Action"], genres_mode="any"))) == {ALIEN, ALIENS}
    assert ids(wish(api, genres=["Horror", "Action"])) == []
    assert ids(api.get("/recommend?liked=11&genre=Drama,Romance").json()) == [CHOCOLAT]
    assert set(ids(api.get("/recommend?liked=11&genre=Horror,Action&genres_mode=any").json())) == {ALIENS}
    assert ids(api.get("/recommendations/ml_1?genre=Drama,Romance").json()) == [CHOCOLAT]
    both = ids(api.get("/recommendations/ml_1?genre=Drama,Romance&genres_mode=any").json())
    assert set(both) == {SOLARIS, MOON, GRAVITY, AMELIE, CHOCOLAT, ONCE}


@pytest.mark.parametrize("name", ["Sci-Fi", "sci-fi", "scifi", "science fiction", " SCIENCE FICTION "])
def test_a_genre_is_known_by_the_names_that_people_give_it(name: str, api: Api) -> None:
    assert set(ids(wish(api, genres=[name]))) == {ALIEN, ALIENS, SOLARIS, MOON, GRAVITY}


@pytest.mark.parametrize(
    "path",
    ["/recommend?liked=11&genre=Nope", "/recommendations/ml_1?genre=Drama,Nope", "/recommendations/new?genre=Nope"],
)
def test_an_unknown_genre_is_refused_with_those_that_there_are(path: str, api: Api) -> None:
    answer = api.get(path)
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "no film here has the genre 'Nope'; there are: Action, Comedy, Drama, Horror, Romance, Science Fiction"
    )
    assert api.post("/recommend", json={"genres": ["Nope"], "query": "space"}).status_code == 422


def test_liked_is_read_as_people_type_it(api: Api) -> None:
    body = api.get("/recommend", params={"liked": f"{ALIEN}, {ALIENS},", "k": "2"}).json()
    assert (ids(body), body["total_ratings"]) == ([SOLARIS, MOON], 2)
    for text in (",", "", "11,,12", "11;12", "a"):
        assert api.get("/recommend", params={"liked": text}).status_code == 422


def test_where_no_film_is_left_a_request_is_refused_instead_of_answered_with_popular_films(api: Api) -> None:
    answer = api.get("/recommend?liked=998,999")
    assert (answer.status_code, "998, 999" in answer.json()["detail"]) == (422, True)
    assert api.post("/recommend", json={"ratings": [{"movie_id": 998, "rating": 4}]}).status_code == 422
    # something else is left to go by
    assert wish(api, liked=[998], query="paris", limit=1)["ignored"] == [998]
    assert wish(api, liked=[998], user_id="ml_1", limit=1)["user_id"] == "ml_1"
    assert wish(api, liked=[998], model="baseline", limit=1)["ignored"] == [998]


def test_popular_films_of_a_genre_say_so(api: Api) -> None:
    body = wish(api, genres=[ROMANCE], limit=3)
    assert {item["reason"] for item in body["recommendations"]} == {"popular_in_genre"}
    assert (body["strategy"], body["model"], body["fallback_used"]) == ("popularity_fallback", "baseline", True)
    assert ids(body)[0] == AMELIE


def test_the_baseline_is_what_is_popular_without_what_was_rated(api: Api) -> None:
    body = wish(api, liked=[ALIEN], model="baseline", limit=9)
    assert ALIEN not in ids(body)
    assert ids(body)[0] == AMELIE


def test_a_text_finds_what_it_is_about(api: Api) -> None:
    body = wish(api, query="something in space", limit=4)
    assert set(ids(body)) <= {ALIEN, ALIENS, SOLARIS, MOON, GRAVITY}
    assert (body["model"], [piece["value"] for piece in body["understood"]]) == ("content", ["space"])
    assert {item["reason"] for item in body["recommendations"]} == {"content_based"}
    assert ids(wish(api, query="paris", limit=1)) == [AMELIE]
    assert ids(wish(api, query="Amelie!", limit=1)) == [AMELIE]


def test_a_mood_chooses_among_what_it_is_about(api: Api) -> None:
    # scary likes horror: Alien; sad likes drama and does not go with horror
    assert ids(wish(api, query="scary, in space", limit=1)) == [ALIEN]
    assert ids(wish(api, query="sad, in space", limit=3))[:1] == [SOLARIS]
    assert ALIEN not in ids(wish(api, query="romantic", limit=3))
    assert ALIEN not in ids(wish(api, query="not scary, in space", limit=9))


def test_taste_decides_between_films_that_answer_alike(api: Api) -> None:
    plain = ids(wish(api, query="comedy", limit=2))
    assert set(plain) == {AMELIE, BRAZIL}
    assert ids(wish(api, query="comedy", liked=[CHOCOLAT, ONCE], limit=2)) == [AMELIE, BRAZIL]


def test_a_text_nobody_understands_gives_popular_films(api: Api) -> None:
    body = wish(api, query="qwertz uiop", limit=2)
    assert (body["strategy"], body["understood"], len(ids(body))) == ("popularity_fallback", [], 2)


def test_filters_hold_for_texts_and_the_rest_is_filled(api: Api) -> None:
    body = wish(api, query="space", genres=[SCIFI], exclude=[ALIEN, ALIENS, SOLARIS], limit=5)
    assert set(ids(body)) == {MOON, GRAVITY}
    body = wish(api, query="paris", year_to=2001, limit=3)
    assert ids(body)[0] == AMELIE
    assert [item["reason"] for item in body["recommendations"]] == ["content_based", "popular", "popular"]


@pytest.mark.parametrize(
    "body",
    [
        {"liked": [-1]},
        {"liked": ["x"]},
        {"ratings": [{"movie_id": 11, "rating": 5.5}]},
        {"ratings": [{"movie_id": 11}]},
        {"limit": 0},
        {"model": "magic"},
        {"unknown": 1},
        {"query": "x" * 501},
        {"liked": list(range(501))},
        {"min_rating": 11},
        {"user_id": ""},
        [],
    ],
)
def test_what_is_out_of_range_is_refused(api: Api, body: Any) -> None:
    answer = api.post("/recommend", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_odd_times_do_no_harm(api: Api) -> None:
    for moment in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00"):
        ratings = [{"movie_id": ALIEN, "rating": 4, "rated_at": moment}]
        assert ids(wish(api, ratings=ratings, limit=1)) == [ALIENS]


def test_nothing_of_a_request_is_kept(api: Api) -> None:
    before = wish(api, liked=[ALIEN], limit=3)
    wish(api, liked=[AMELIE], query="paris")
    time.sleep(0.01)
    assert ids(wish(api, liked=[ALIEN], limit=3)) == ids(before)
