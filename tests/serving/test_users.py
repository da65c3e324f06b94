from __future__ import annotations

import pytest

from tests.serving.conftest import Api
from tests.serving.releases import ALIEN, ANNA, BEN, MOON, SOLARIS
from tests.serving.supabase import FakeSupabase


def test_a_history_is_what_the_list_was_made_from_the_latest_first(api: Api) -> None:
    answer = api.get("/users/ml_3/history")
    body = answer.json()
    assert (body["user_id"], body["total_ratings"], body["page"]) == ("ml_3", 3, 1)
    rated = {row["movie_id"]: (row["title"], row["rating"], row["rated_at"]) for row in body["ratings"]}
    assert rated == {
        SOLARIS: ("Solaris", 4.5, "1970-01-01T00:05:00Z"),
        MOON: ("Moon", 3.0, "1970-01-01T00:05:00Z"),
        ALIEN: ("Alien", 4.0, "1970-01-01T00:01:40Z"),
    }
    assert body["ratings"][-1]["movie_id"] == ALIEN
    assert {row["source"] for row in body["ratings"]} == {"movielens"}
    assert answer.headers["cache-control"] == "private, no-cache"
    assert api.get("/users/ml_3/history", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert api.get("/users/3/history").json() == body  # a bare number is MovieLens's


def test_a_history_comes_in_pages(api: Api) -> None:
    pages = [api.get(f"/users/ml_3/history?limit=2&page={page}").json()["ratings"] for page in (1, 2, 3)]
    assert [len(rows) for rows in pages] == [2, 1, 0]
    assert pages[0] + pages[1] == api.get("/users/ml_3/history").json()["ratings"]
    for wrong in ("limit=0", "limit=1001", "page=0"):
        assert api.get(f"/users/ml_3/history?{wrong}").status_code == 422


def test_a_history_is_read_by_whoever_may_read_the_list(app_api: Api, supabase: FakeSupabase) -> None:
    path = f"/users/{ANNA}/history"
    assert app_api.get(path).status_code == 401
    assert app_api.get(path, headers={"Authorization": f"Bearer {supabase.token(BEN)}"}).status_code == 403
    assert app_api.get("/users/nobody/history", headers={"X-API-Key": "wrong"}).status_code == 401
    own = app_api.get(path, headers={"Authorization": f"Bearer {supabase.token(ANNA)}"})
    assert (own.status_code, own.json()["total_ratings"]) == (200, 5)
    assert app_api.get(path, headers={"X-API-Key": "first-key"}).json() == own.json()
    assert app_api.get("/users/nobody/history", headers={"X-API-Key": "first-key"}).status_code == 404


def test_a_predicted_rating_is_read_by_whom_a_list_may_be_read(app_api: Api, supabase: FakeSupabase) -> None:
    path = f"/users/{ANNA}/rating/{SOLARIS}"
    assert app_api.get(path).status_code == 401
    assert app_api.get(path, headers={"Authorization": f"Bearer {supabase.token(BEN)}"}).status_code == 403
    own = app_api.get(path, headers={"Authorization": f"Bearer {supabase.token(ANNA)}"}).json()
    # without Solaris she gave 5, 5, 4 and 3: 1.5, 1.5, 0.5 and 0 over mean and film, a bias of 3.5 / (4 + 2)
    assert own["predicted_rating"] == pytest.approx(3 + 0.5 + 3.5 / 6, abs=0.01)
    assert (own["rated"], own["known_film"], own["title"]) == (4.0, True, "Solaris")
    assert (own["rmse"], own["mae"], own["n_ratings"]) == (0.95, 0.75, 14)
