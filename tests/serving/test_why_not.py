"""Why not, by hand: on two axes a film's score grows with its place on the axis that somebody likes."""

from __future__ import annotations

import pytest

from tests.serving.conftest import Api
from tests.serving.releases import ALIEN, AMELIE, ANNA, BEN, MOON, SOLARIS, STALKER
from tests.serving.supabase import FakeSupabase

PATH = "/recommendations/ml_1/why-not"


def test_by_hand(api: Api) -> None:
    asked = {film: api.get(f"{PATH}/{film}").json() for film in (ALIEN, SOLARIS, MOON, AMELIE, STALKER)}
    # ml_1 likes Alien and Aliens, which lie on the first axis at 0.9 and 0.8
    assert (asked[SOLARIS]["outcome"], asked[SOLARIS]["rank"]) == ("listed", 1)
    assert (asked[MOON]["outcome"], asked[MOON]["rank"]) == ("listed", 2)
    assert asked[SOLARIS]["score"] / asked[MOON]["score"] == pytest.approx(0.7 / 0.6, rel=1e-5)
    assert asked[SOLARIS]["channels"] == [{"channel": "als", "points": asked[SOLARIS]["score"], "share": 1.0}]
    assert (asked[ALIEN]["outcome"], asked[ALIEN]["rating"], asked[ALIEN]["rank"]) == ("rated", 5.0, None)
    assert asked[ALIEN]["explanation"].startswith("they rated it 5 stars")
    assert asked[STALKER]["channels"] == []  # nobody rated it, so ALS does not score it


def test_what_is_not_there(api: Api) -> None:
    assert api.get("/recommendations/nobody/why-not/13").status_code == 404
    assert api.get(f"{PATH}/99").json()["detail"] == "there is no such film here"
    assert api.get(f"{PATH}/x").status_code == 422
    first = api.get(f"{PATH}/13")
    assert api.get(f"{PATH}/13", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_it_is_read_by_whoever_may_read_the_list(app_api: Api, supabase: FakeSupabase) -> None:
    path = f"/recommendations/{ANNA}/why-not/{AMELIE}"
    assert app_api.get(path).status_code == 401
    assert app_api.get(path, headers={"Authorization": f"Bearer {supabase.token(BEN)}"}).status_code == 403
    assert app_api.get(path, headers={"Authorization": f"Bearer {supabase.token(ANNA)}"}).status_code == 200
    assert app_api.get(path, headers={"X-API-Key": "first-key"}).status_code == 200
