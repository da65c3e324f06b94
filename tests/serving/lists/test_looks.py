"""A stored list says whether it is outdated, to those who may know, and gives the list of this moment when asked."""

from __future__ import annotations

from typing import Any

import httpx

from tests.serving.conftest import Api, ids, own
from tests.serving.releases import AMELIE, ANNA, GRAVITY, MOON
from tests.serving.supabase import FakeSupabase

KEY = {"X-API-Key": "first-key"}
NEWCOMER = "00000000-0000-4000-8000-0000000000ff"


def plain(api: Api, query: str = "limit=3", user: str = ANNA, headers: dict[str, str] = KEY) -> dict[str, Any]:
    answer = api.get(f"/recommendations/{user}?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_list_of_all_ratings_is_not_outdated(app_api: Api) -> None:
    assert plain(app_api)["outdated"] is False


def test_a_list_is_outdated_once_somebody_has_rated(app_api: Api, supabase: FakeSupabase) -> None:
    supabase.rate(ANNA, GRAVITY, 5.0)
    stored = plain(app_api)
    assert (stored["outdated"], stored["strategy"], ids(stored)[0]) == (True, "precomputed", GRAVITY)
    fresh = plain(app_api, "limit=3&fresh=true")
    assert (fresh["outdated"], fresh["strategy"]) == (False, "live")
    assert GRAVITY not in ids(fresh)


def test_somebody_new_to_the_release_has_an_outdated_list_once_they_rate(app_api: Api, supabase: FakeSupabase) -> None:
    assert plain(app_api, user=NEWCOMER)["outdated"] is False
    app_api.context.looks._kept.clear()  # as ten seconds later
    supabase.rate(NEWCOMER, GRAVITY, 5.0)
    assert plain(app_api, user=NEWCOMER)["outdated"] is True


def test_an_outdated_list_is_another_answer_to_a_cache(app_api: Api, supabase: FakeSupabase) -> None:
    first = app_api.get(f"/recommendations/{ANNA}", headers=KEY)
    again = {**KEY, "If-None-Match": first.headers["etag"]}
    assert app_api.get(f"/recommendations/{ANNA}", headers=again).status_code == 304
    supabase.rate(ANNA, GRAVITY, 5.0)
    app_api.context.looks._kept.clear()  # as ten seconds later
    changed = app_api.get(f"/recommendations/{ANNA}", headers=again)
    assert (changed.status_code, changed.json()["outdated"]) == (200, True)


def test_supabase_is_asked_once_in_ten_seconds_about_one_person(app_api: Api, supabase: FakeSupabase) -> None:
    for _ in range(5):
        plain(app_api)
    assert supabase.asked("/ratings") == 1


def test_ids_that_supabase_does_not_keep_are_not_asked_about(app_api: Api, supabase: FakeSupabase) -> None:
    assert plain(app_api, user="ml_1")["outdated"] is None
    fresh = plain(app_api, "fresh=true", user="ml_1")
    assert (fresh["outdated"], fresh["stale"], fresh["strategy"]) == (None, False, "precomputed")
    assert supabase.asked("/ratings") == 0


def test_while_supabase_is_down_nobody_knows_and_the_list_is_given(app_api: Api, supabase: FakeSupabase) -> None:
    supabase.always = 503
    for user in (ANNA, NEWCOMER, NEWCOMER[:-1] + "e"):
        assert plain(app_api, user=user)["outdated"] is None
    asked = supabase.asked("/ratings")
    assert plain(app_api, user=NEWCOMER[:-1] + "d")["outdated"] is None
    assert supabase.asked("/ratings") == asked, "after three failures it is left alone for a while"
    fresh = plain(app_api, "fresh=true")
    assert (fresh["stale"], fresh["outdated"], fresh["strategy"]) == (True, None, "precomputed")


def test_ones_own_id_with_ones_own_token_is_me(app_api: Api, supabase: FakeSupabase) -> None:
    for film in (AMELIE, GRAVITY):
        supabase.rate(ANNA, film, 5.0)
    headers = own(supabase)
    mine = app_api.get("/recommendations/me?limit=3", headers=headers).json()
    named = app_api.get(f"/recommendations/{ANNA}?limit=3", headers=headers)
    older = app_api.get(f"/api/recommendations?user_id={ANNA}&top_n=3", headers=headers)
    assert named.headers["cache-control"] == "no-store"
    for answer in (named, older):
        assert without_time(answer) == {**mine, "generated_at": None}
    assert mine["strategy"] == "live"


def test_filters_hold_on_a_list_of_this_moment(app_api: Api, supabase: FakeSupabase) -> None:
    supabase.rate(ANNA, MOON, 1.0)
    body = plain(app_api, "fresh=true&genre=Romance&limit=3")
    assert body["strategy"] == "live"
    assert {"Romance" in item["genres"] for item in body["recommendations"]} == {True}


def test_fresh_lists_are_counted_against_their_person(app_api: Api) -> None:
    app_api.context.limiter.__init__(0.001, 2)  # type: ignore[misc]
    statuses = [app_api.get(f"/recommendations/{ANNA}?fresh=true", headers=KEY).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def without_time(answer: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    return {**body, "generated_at": None}
