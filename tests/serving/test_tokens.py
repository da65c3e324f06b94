"""Users' tokens: which are good, who is asked about them, and what a flood or a fault of Supabase costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from serving.http.limits import source_of
from tests.serving.conftest import Api, running, settings_of, supabase_settings_of
from tests.serving.releases import ANNA, BEN
from tests.serving.supabase import HS_SECRET, FakeSupabase, jwk, unsigned


def bad_tokens(supabase: FakeSupabase) -> dict[str, str]:
    now = int(time.time())
    kid, key, kind = supabase.signing[0]
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    good = supabase.token(ANNA)
    head, body, signature = good.split(".")
    other = supabase.token(BEN).split(".")[1]
    stranger = ec.generate_private_key(ec.SECP256R1())
    claims = {"sub": ANNA, "aud": "authenticated", "iss": "https://project.supabase.example/auth/v1", "exp": now + 60}
    return {
        "algorithm none": unsigned(ANNA),
        "algorithm none, signature kept": f"{unsigned(ANNA)}{signature}",
        "another audience": supabase.token(ANNA, aud="anon"),
        "no audience": supabase.token(ANNA, aud=None),
        "another issuer": supabase.token(ANNA, iss="https://elsewhere.example/auth/v1"),
        "no issuer": supabase.token(ANNA, iss=None),
        "expired": supabase.token(ANNA, exp=now - 60),
        "no expiry": supabase.token(ANNA, exp=None),
        "not yet valid": supabase.token(ANNA, nbf=now + 600),
        "unknown kid": supabase.token(ANNA, kid="made-up"),
        "no subject": supabase.token(None),
        "a subject that is no uuid": supabase.token("ml_1"),
        "a number as subject": supabase.token(7),
        "signed with another key": supabase.token(ANNA, key=stranger),
        "claims changed": f"{head}.{other}.{signature}",
        "signature cut": f"{head}.{body}.{signature[:-4]}",
        "no signature": f"{head}.{body}.",
        "hs256 with the public key as secret": hs256(claims, public, kid),
        "hs256 with the published key as secret": hs256(claims, str(jwk(kid, key, kind)).encode(), kid),
        "not a token": "not.a.token",
        "empty parts": "..",
        "too long": "a" * 20_000,
    }


def hs256(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    import base64
    import hashlib
    import hmac
    import json

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    head = (
        f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT', 'kid': kid}).encode())}.{part(json.dumps(claims).encode())}"
    )
    return f"{head}.{part(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def test_bad_tokens_are_refused_alike(app_api: Api, supabase: FakeSupabase) -> None:
    tokens = bad_tokens(supabase)
    for path in ("/recommendations/me", f"/recommendations/{ANNA}"):
        seen = set()
        for what, token in tokens.items():
            answer = app_api.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, what
            seen.add(answer.text)
        assert len(seen) == 1


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic YTpi", "Token abc", "Bearer\ta.b.c"])
def test_headers_that_are_no_bearer_token_are_refused(app_api: Api, value: str) -> None:
    assert app_api.get(f"/recommendations/{ANNA}", headers={"Authorization": value}).status_code == 401


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, str]]:
    from tests.serving.releases import publish_release

    data_dir, supabase = tmp_path_factory.mktemp("fuzzed"), FakeSupabase.with_people(ANNA)
    publish_release(settings_of(data_dir).folder)
    with running(supabase_settings_of(data_dir, api_keys="the-key-of-16-and-more"), supabase.transport()) as api:
        yield api, supabase.token(ANNA)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_changed_token_gets_in(fuzzed: tuple[Api, str], data: st.DataObject) -> None:
    api, token = fuzzed
    at = data.draw(st.integers(0, len(token) - 2))  # the very last character may carry bits that nothing reads
    change = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=4))
    changed = token[:at] + change + token[at + data.draw(st.integers(0, 3)) :]
    header = data.draw(st.sampled_from(["Authorization", "X-API-Key"]))
    value = f"Bearer {changed}" if header == "Authorization" else changed
    answer = api.get(f"/recommendations/{ANNA}", headers={header: value})
    assert answer.status_code == (200 if changed == token and header == "Authorization" else 401)


def test_a_new_key_is_fetched_when_a_token_names_it(app_api: Api, supabase: FakeSupabase) -> None:
    old = supabase.token(ANNA)
    assert status_of(app_api, old) == 200
    supabase.rotate()
    assert status_of(app_api, supabase.token(ANNA)) == 200
    assert status_of(app_api, old) == 200
    supabase.rotate("RS256")
    assert status_of(app_api, supabase.token(ANNA)) == 200


def test_made_up_key_ids_do_not_make_supabase_work(app_api: Api, supabase: FakeSupabase) -> None:
    assert status_of(app_api, supabase.token(ANNA)) == 200
    before = supabase.asked("jwks.json")
    for number in range(20):
        assert status_of(app_api, supabase.token(ANNA, kid=f"made-up-{number}")) == 401
    assert supabase.asked("jwks.json") - before <= 3
    assert status_of(app_api, supabase.token(ANNA)) == 200


def test_a_key_is_good_for_its_own_algorithm_only(app_api: Api, supabase: FakeSupabase) -> None:
    supabase.rotate("RS256")
    kid, key, _ = supabase.signing[0]
    token = supabase.token(ANNA, key=key, alg="RS512", kid=kid)
    assert status_of(app_api, token) == 401
    assert status_of(app_api, supabase.token(ANNA)) == 200


def test_an_older_project_is_asked_about_each_token(app_data: Path, supabase: FakeSupabase) -> None:
    supabase.hs256 = True
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        token = supabase.token(ANNA, key=HS_SECRET, alg="HS256")
        assert status_of(api, token) == 200
        assert status_of(api, supabase.token(ANNA, key="another-secret-that-is-long-enough", alg="HS256")) == 401
        asked = supabase.asked("/user")
        assert asked == 2
        assert status_of(api, supabase.token(ANNA, key=HS_SECRET, alg="HS256", exp=1)) == 401
        assert status_of(api, supabase.token(ANNA)) == 401
        assert supabase.asked("/user") == asked


def test_a_project_with_public_keys_takes_no_hs256(app_api: Api, supabase: FakeSupabase) -> None:
    assert status_of(app_api, supabase.token(ANNA, key=HS_SECRET, alg="HS256")) == 401
    assert supabase.asked("/user") == 0


def status_of(api: Api, token: str) -> int:
    return api.get(f"/recommendations/{ANNA}", headers={"Authorization": f"Bearer {token}"}).status_code


def test_this_jwt_library_still_refuses_what_we_rely_on() -> None:
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(unsigned(ANNA), "key", algorithms=["ES256"])


def forged(supabase: FakeSupabase, number: int) -> str:
    return supabase.token(ANNA, key=f"a-forgers-secret-of-many-letters-{number}", alg="HS256")


@pytest.fixture
def older_api(app_data: Path, supabase: FakeSupabase) -> Iterator[Api]:
    """The API of a project on HS256, whose tokens only Supabase can tell about."""
    supabase.hs256 = True
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        yield api


def test_forged_tokens_of_one_source_do_not_lock_others_out(
    older_api: Api, supabase: FakeSupabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = iter(["203.0.113.9"] * 200 + ["198.51.100.7"])
    monkeypatch.setattr("serving.auth.access.source_of", lambda request: next(sources))
    statuses = [status_of(older_api, forged(supabase, number)) for number in range(200)]
    assert set(statuses) == {401, 429}
    assert supabase.asked("/user") < 60
    assert status_of(older_api, supabase.token(ANNA, key=HS_SECRET, alg="HS256")) == 200


def test_a_token_that_was_let_in_is_let_in_while_its_source_floods(older_api: Api, supabase: FakeSupabase) -> None:
    good = supabase.token(ANNA, key=HS_SECRET, alg="HS256")
    assert status_of(older_api, good) == 200
    for number in range(60):
        status_of(older_api, forged(supabase, number))
    assert status_of(older_api, forged(supabase, 1000)) == 429
    assert status_of(older_api, good) == 200


def test_a_refusal_is_asked_for_once(older_api: Api, supabase: FakeSupabase) -> None:
    token = forged(supabase, 1)
    assert [status_of(older_api, token) for _ in range(50)] == [401] * 50
    assert supabase.asked("/user") == 1


@pytest.mark.parametrize(
    "entry", [None, 7, "key", {}, {"kty": "EC"}, {"kty": "EC", "kid": "x", "crv": "P-256", "x": "!", "y": "!"},
              {"kty": "RSA", "kid": "x", "n": "", "e": ""}, {"kty": ["EC"], "kid": "x"}]
)  # fmt: skip
def test_a_published_key_that_cannot_be_read_disables_no_other(
    app_data: Path, supabase: FakeSupabase, entry: Any
) -> None:
    supabase.more_keys = [entry]
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        assert status_of(api, supabase.token(ANNA)) == 200
        assert status_of(api, supabase.token(ANNA, key=HS_SECRET, alg="HS256")) == 401


@pytest.mark.parametrize("fault", ["drop", 500, 302, 429, "html"])
def test_a_token_that_nobody_can_check_is_not_called_invalid(
    app_data: Path, supabase: FakeSupabase, fault: int | str
) -> None:
    supabase.always = fault
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        token = {"Authorization": f"Bearer {supabase.token(ANNA)}"}
        answer = api.get(f"/recommendations/{ANNA}", headers=token)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "www-authenticate" not in answer.headers


def test_keys_of_which_none_can_be_read_do_not_make_it_an_older_project(app_data: Path, supabase: FakeSupabase) -> None:
    supabase.hs256, supabase.more_keys = True, [{"kty": "EC", "kid": "x", "crv": "P-256", "x": "!", "y": "!"}]
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        assert status_of(api, supabase.token(ANNA, key=HS_SECRET, alg="HS256")) == 503
        assert supabase.asked("/user") == 0


@pytest.mark.parametrize("path", ["user", "jwks.json"])
def test_no_key_follows_a_redirect(app_data: Path, supabase: FakeSupabase, path: str) -> None:
    supabase.hs256, supabase.redirects = True, (path, "https://elsewhere.example/take-it")
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        assert status_of(api, supabase.token(ANNA, key=HS_SECRET, alg="HS256")) == 503
    assert {request.url.host for request in supabase.requests} == {"project.supabase.example"}


def test_an_answer_without_an_end_is_not_read(app_data: Path, supabase: FakeSupabase) -> None:
    supabase.hs256, supabase.padding = True, b" " * 2_000_000
    with running(supabase_settings_of(app_data), supabase.transport()) as api:
        assert status_of(api, supabase.token(ANNA)) == 503


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_source_is_an_address_or_a_network_of_one_household(host: str, source: str) -> None:
    assert source_of(Request({"type": "http", "client": (host, 1), "headers": []})) == source
