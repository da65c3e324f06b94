from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import Api, running, settings_of, supabase_settings_of
from tests.serving.releases import ANNA, BEN
from tests.serving.supabase import FakeSupabase

STRANGER = "00000000-0000-4000-8000-0000000000ff"


def personal_requests(user: str) -> list[tuple[str, str, Any]]:
    """Every way to ask for what is derived from a stored user_id."""
    return [
        ("GET", f"/recommendations/{user}", None),
        ("GET", f"/recommendations/{user.upper()}", None),
        ("GET", f"/recommendations/{user}?genre=Drama&limit=100", None),
        ("GET", f"/api/recommendations?user_id={user}", None),
        ("GET", f"/recommend?user_id={user}", None),
        ("GET", f"/recommend?user_id={user}&liked=11&query=space&model=content", None),
        ("GET", f"/users/{user}/history", None),
        ("POST", "/recommend", {"user_id": user}),
        ("POST", "/recommend", {"user_id": user, "liked": [11], "model": "baseline"}),
        ("POST", "/recommendations/batch", {"user_ids": [user]}),
        ("POST", "/recommendations/batch", {"user_ids": [BEN, user]}),
    ]


def ask(api: Api, request: tuple[str, str, Any], headers: dict[str, str]) -> tuple[int, str]:
    method, path, body = request
    answer = api.request(method, path, headers=headers, **({"json": body} if body is not None else {}))
    return answer.status_code, answer.text


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("number", range(11))
def test_nothing_personal_without_a_credential_of_that_person(
    app_api: Api, supabase: FakeSupabase, number: int, known: bool
) -> None:
    request = personal_requests(ANNA if known else STRANGER)[number]
    unknown = personal_requests(STRANGER if known else ANNA)[number]
    bens = {"Authorization": f"Bearer {supabase.token(BEN)}"}
    for headers, status in (({}, 401), ({"X-API-Key": "wrong"}, 401), ({"X-API-Key": ""}, 401), (bens, 403)):
        refused = ask(app_api, request, headers)
        assert refused[0] == status, (request, headers)
        # whether the user exists makes no difference at all
        assert refused == ask(app_api, unknown, headers)
        assert "recommendations" not in refused[1]
        assert "ratings" not in refused[1]


@pytest.mark.parametrize("number", range(10))
def test_the_owner_and_a_backend_are_let_in(app_api: Api, supabase: FakeSupabase, number: int) -> None:
    request = personal_requests(ANNA)[number]
    for headers in (
        {"X-API-Key": "first-key"},
        {"X-API-Key": "second-key"},
        {"Authorization": f"Bearer {supabase.token(ANNA)}"},
        {"Authorization": f"bearer {supabase.token(ANNA)}"},
    ):
        status, text = ask(app_api, request, headers)
        assert (status, ANNA in text) == (200, True), (request, headers, text)


def test_a_wrong_key_is_not_made_good_by_a_token(app_api: Api, supabase: FakeSupabase) -> None:
    headers = {"X-API-Key": "wrong", "Authorization": f"Bearer {supabase.token(ANNA)}"}
    assert app_api.get(f"/recommendations/{ANNA}", headers=headers).status_code == 401


def test_what_comes_from_the_request_alone_needs_nothing(app_api: Api) -> None:
    assert app_api.get("/recommend?liked=11").status_code == 200
    assert app_api.post("/recommend", json={"query": "space"}).status_code == 200
    assert app_api.get("/movies/popular").status_code == 200


def test_mine_needs_a_token_whatever_else_there_is(app_api: Api, api: Api) -> None:
    assert app_api.get("/recommendations/me", headers={"X-API-Key": "first-key"}).status_code == 401
    assert app_api.get("/recommendations/me").headers["www-authenticate"].startswith("Bearer")
    assert api.get("/recommendations/me", headers={"Authorization": "Bearer x.y.z"}).status_code == 401


def test_without_any_auth_configured_it_is_open(api: Api) -> None:
    assert api.get("/recommendations/ml_1").status_code == 200


def test_with_tokens_alone_configured_it_is_not_open(app_data: Path, supabase: FakeSupabase) -> None:
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        assert api.get("/recommendations/ml_1").status_code == 401
        assert api.get("/recommendations/ml_1", headers={"X-API-Key": "x"}).status_code == 401


def test_keys_are_taken_from_one_line(tmp_path: Path) -> None:
    keys = settings_of(tmp_path, api_keys=" one , two,, ").serving.api_keys
    assert [key.get_secret_value() for key in keys] == ["one", "two"]
    assert "one" not in repr(keys)
