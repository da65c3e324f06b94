from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from serving.snapshot import Snapshot
from tests.serving.conftest import Api, running, settings_of
from tests.serving.releases import publish_release

PROBLEMS: list[tuple[int, str, str, dict[str, Any]]] = [
    (404, "GET", "/nothing/here", {}),
    (404, "GET", "/movies/999", {}),
    (404, "GET", "/movies/999/similar", {}),
    (404, "GET", "/recommend?user_id=nobody", {}),
    (404, "POST", "/feedback", {"json": {}}),
    (405, "DELETE", "/recommendations/ml_1", {}),
    (405, "POST", "/health", {}),
    (401, "GET", "/recommendations/me", {}),
    (401, "GET", "/api/recommendations", {}),
    (422, "GET", "/recommendations/ml_1?limit=0", {}),
    (422, "GET", "/movies/abc", {}),
    (422, "GET", "/movies/search", {}),
    (422, "GET", "/movies/popular?page=0", {}),
    (422, "POST", "/recommend", {"content": b"{not json", "headers": {"Content-Type": "application/json"}}),
    (422, "POST", "/recommend", {"json": {"limit": "x"}}),
    (422, "POST", "/recommendations/batch", {"json": {}}),
    (413, "POST", "/recommend", {"content": b"x" * 300_000}),
    (414, "GET", f"/movies/search?q={'x' * 9000}", {}),
    (431, "GET", "/health", {"headers": {"X-Long": "x" * 40_000}}),
]


@pytest.mark.parametrize(("status", "method", "path", "options"), PROBLEMS)
def test_every_error_has_one_shape(api: Api, status: int, method: str, path: str, options: dict[str, Any]) -> None:
    answer = api.request(method, path, **options)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert (body["type"], body["status"], bool(body["title"]), bool(body["detail"])) == (
        "about:blank",
        status,
        True,
        True,
    )


@pytest.mark.parametrize(
    "path",
    ["/recommendations/ml_1", "/recommend?liked=11", "/movies/popular", "/movies/search?q=a", "/movies/11", "/genres",
     "/movies/11/similar", "/release", "/ready", "/discovery/movies/popular", "/discovery/movies/search?q=a"],
)  # fmt: skip
def test_without_a_release_every_path_asks_to_come_back(tmp_path: Path, path: str) -> None:
    with running(settings_of(tmp_path)) as api:
        answer = api.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/recommend", "GET, HEAD, POST"), ("/recommendations/batch", "POST"), ("/recommendations/ml_1", "GET, HEAD"),
     ("/movies/11/similar", "GET, HEAD"), ("/movies/popular", "GET, HEAD")],
)  # fmt: skip
def test_a_wrong_method_is_told_the_right_ones(api: Api, path: str, methods: str) -> None:
    answer = api.request("DELETE", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


def test_a_body_of_unknown_length_is_cut_too(api: Api) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 10_000

    answer = api.post("/recommend", content=pieces())
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_an_unexpected_failure_is_a_problem_without_details(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(Snapshot, "find", fail)
    monkeypatch.setattr(api.context.snapshot(), "lists", type("Lists", (), {"in_memory": True})())
    answer = api.get("/recommendations/ml_1", headers={"X-Request-ID": "the-request"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["request_id"] == "the-request"
    assert "secret" not in answer.text
    assert "id=the-request" in caplog.text


def test_security_headers_are_everywhere(api: Api) -> None:
    for path in ("/health", "/nothing", "/recommendations/ml_1"):
        headers = api.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers
    for page in ("/docs", "/redoc"):
        policy = api.get(page).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy  # nothing comes from elsewhere, and no script stands in the page
        assert "script-src" not in policy


def test_a_request_id_is_kept_or_made(api: Api) -> None:
    assert api.get("/health", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = {api.get("/health", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    assert "a b\tc" not in made


def test_the_log_names_routes_and_nobody(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "serving")
    api.get("/recommendations/ml_2?exclude=11", headers={"Authorization": "Bearer a.secret.token", "X-API-Key": "k3y"})
    api.post("/recommend", json={"query": "my private mood", "liked": [11]})
    api.request("BREW", "/recommendations/ml_2")
    assert "route=/recommendations/{user_id} status=200" in caplog.text
    for private in ("ml_2", "secret", "k3y", "private", "exclude", "BREW"):
        assert private not in caplog.text


def test_the_access_log_can_be_off(tiny_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "serving")
    with running(settings_of(tiny_data, access_log=False)) as api:
        api.get("/health")
    assert "request done" not in caplog.text


def test_long_answers_are_compressed_for_who_accepts_it(api: Api) -> None:
    path = "/recommendations/ml_1?limit=100"
    packed = api.get(path, headers={"Accept-Encoding": "gzip"})
    plain = api.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert "Accept-Encoding" in plain.headers["vary"]
    assert "content-encoding" not in api.get("/health", headers={"Accept-Encoding": "gzip"}).headers


def test_browsers_of_other_origins_are_let_in_by_setting_only(api: Api, tiny_data: Path) -> None:
    origin = {"Origin": "https://app.example.org"}
    assert "access-control-allow-origin" not in api.get("/genres", headers=origin).headers
    with running(settings_of(tiny_data, cors_origins="https://app.example.org")) as open_api:
        answer = open_api.get("/genres", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "https://app.example.org"
        asked = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-API-Key"}
        assert open_api.request("OPTIONS", "/recommendations/ml_1", headers=asked).status_code == 200
        other = open_api.get("/genres", headers={"Origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in other.headers


def test_what_was_asked_is_counted(tiny_data: Path) -> None:
    with running(settings_of(tiny_data)) as api:
        api.get("/recommendations/ml_1")
        api.get("/recommendations/nobody")
        api.get("/recommendations/ml_1?limit=0")
        answer = api.get("/metrics")
    lines = answer.text.splitlines()
    route = 'route="/recommendations/{user_id}"'
    assert f'playbill_requests_total{{{route},status="200"}} 2.0' in lines
    assert f'playbill_requests_total{{{route},status="422"}} 1.0' in lines
    assert f"playbill_request_seconds_count{{{route}}} 3.0" in lines
    assert 'playbill_lists_total{strategy="precomputed"} 1.0' in lines
    assert 'playbill_lists_total{strategy="popularity_fallback"} 1.0' in lines
    assert "playbill_users 5.0" in lines
    assert "ml_1" not in answer.text


def test_an_old_release_is_not_ready(tiny_data: Path, tmp_path: Path) -> None:
    # the small release is of a day in 2026; one made now is young
    with running(settings_of(tiny_data, max_release_age_hours=0.001)) as api:
        assert api.get("/ready").status_code == 503
        assert api.get("/health").status_code == 200
    from datetime import UTC, datetime

    settings = settings_of(tmp_path)
    publish_release(settings.folder, created_at=datetime.now(UTC).replace(microsecond=0))
    with running(settings) as api:
        assert api.get("/ready").json()["status"] == "ready"
