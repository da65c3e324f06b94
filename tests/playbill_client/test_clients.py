"""The client against the API itself, and against servers that fail."""

from __future__ import annotations

import ast
import dataclasses
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import playbill_client
from playbill_client import (
    PlaybillApiError,
    PlaybillClient,
    PlaybillUnreachableError,
    Retries,
    shapes,
)
from serving.http import schemas
from serving.http.client_shapes import client_shapes
from tests.playbill_client.test_routes import through
from tests.serving.conftest import Api, api, app_api, app_data, running, settings_of, supabase, tiny_data
from tests.serving.releases import ALIEN, publish_release

__all__ = ["api", "app_api", "app_data", "supabase", "tiny_data"]

HOME = Path(playbill_client.__file__).parent
AT_ONCE = Retries(times=2, longest_wait_seconds=0.7)


def test_feedback_is_written_down(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, feedback=True)
    publish_release(settings.folder)
    with running(settings) as api, PlaybillClient("http://localhost", transport=through(api)) as client:
        assert client.feedback("ml_1", [{"movie_id": ALIEN, "event": "like"}]).taken == 1


def test_a_refusal_is_an_error_with_its_reason(app_api: Api) -> None:
    with (
        PlaybillClient("http://localhost", transport=through(app_api)) as client,
        pytest.raises(PlaybillApiError) as raised,
    ):
        client.recommendations("ml_1")
    assert (raised.value.status, raised.value.retry_after_seconds) == (401, None)
    assert "X-API-Key" in raised.value.detail
    assert raised.value.request_id
    with PlaybillClient("http://localhost", api_key="second-key", transport=through(app_api)) as client:
        assert client.recommendations("ml_1").strategy == "precomputed"


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"status": 7}', b"{}"])
def test_an_answer_of_something_else_says_so(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    with (
        PlaybillClient("http://localhost", transport=transport) as client,
        pytest.raises(PlaybillApiError, match="address"),
    ):
        client.health()


HEALTH = {"status": "ok", "release_id": "r", "model": "als", "n_users": 1, "n_items": 2}


def failing(*failures: int | type[Exception], asked: list[str]) -> Callable[[httpx.Request], httpx.Response]:
    """Return a server that fails so many times before it answers."""
    left = list(failures)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if not left:
            return httpx.Response(200, json=HEALTH if request.method == "GET" else {"taken": 1})
        failure = left.pop(0)
        if isinstance(failure, int):
            detail = {"detail": "not now", "status": failure}
            return httpx.Response(failure, json=detail, headers={"Retry-After": "0"})
        raise failure("no")

    return answer


@pytest.mark.parametrize("failure", [429, 502, 503, 504, httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
def test_what_passes_is_tried_again(failure: int | type[Exception]) -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(failure, asked=asked))
    with PlaybillClient("http://localhost", retries=AT_ONCE, transport=transport) as client:
        assert client.health().n_items == 2
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("failures", "attempts", "raised"),
    [
        ([400], 1, PlaybillApiError),
        ([500], 1, PlaybillApiError),
        ([503, 503, 503], 3, PlaybillApiError),
        ([httpx.ReadTimeout] * 3, 3, PlaybillUnreachableError),
    ],
)
def test_what_does_not_pass_is_raised(
    failures: list[int | type[Exception]], attempts: int, raised: type[Exception]
) -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(*failures, asked=asked))
    with PlaybillClient("http://localhost", retries=AT_ONCE, transport=transport) as client, pytest.raises(raised):
        client.health()
    assert len(asked) == attempts


def test_a_long_wait_is_the_callers() -> None:
    refusal = httpx.Response(429, json={"detail": "slow down"}, headers={"Retry-After": "60"})
    with (
        PlaybillClient("http://localhost", transport=httpx.MockTransport(lambda _: refusal)) as client,
        pytest.raises(PlaybillApiError) as raised,
    ):
        client.health()
    assert raised.value.retry_after_seconds == 60


@pytest.mark.parametrize(("failure", "attempts"), [(httpx.ReadTimeout, 1), (502, 1), (httpx.ConnectError, 2), (503, 2)])
def test_an_event_is_never_told_twice(failure: int | type[Exception], attempts: int) -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(failure, asked=asked))
    with PlaybillClient("http://localhost", retries=AT_ONCE, transport=transport) as client:
        try:
            client.feedback("ml_1", [{"movie_id": 1, "event": "like"}])
        except (PlaybillApiError, PlaybillUnreachableError):
            assert attempts == 1
    assert len(asked) == attempts


def test_httpx_logs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(404, json={"detail": "there is no such user here"})

    with (
        caplog.at_level(logging.DEBUG),
        PlaybillClient("http://localhost/", transport=httpx.MockTransport(refuse)) as client,
        pytest.raises(PlaybillApiError) as raised,
    ):
        client.history("ml_3", page=2)
    assert asked == ["/users/ml_3/history?limit=100&page=2"]
    assert "/users/user_id/history" in caplog.text
    assert "ml_3" not in caplog.text + str(raised.value)


def test_a_base_url_with_a_path_keeps_it() -> None:
    asked: list[str] = []
    transport = httpx.MockTransport(failing(asked=asked))
    with PlaybillClient("http://localhost/films/api/", transport=transport) as client:
        client.health()
    assert asked == ["/films/api/health"]


def test_importing_it_imports_nothing_else_of_ours() -> None:
    allowed = {"playbill_client"}
    code = "import sys, playbill_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert loaded & {"flows", "pipelines", "serving", "warehouse", "playbill_client"} == allowed
    assert loaded & {"pydantic", "fastapi", "duckdb", "numpy", "pandas"} == set()


def test_the_shapes_are_the_apis() -> None:
    written = {path.name: path.read_text() for path in (HOME / "shapes").glob("*.py")}
    assert written == client_shapes(), "run: python -m serving.http.client_shapes playbill_client/shapes"


def test_a_shape_inherits_as_the_apis_does() -> None:
    assert issubclass(shapes.Item, shapes.Film)
    assert issubclass(shapes.WishedList, shapes.RecommendationList)
    for name in shapes.__all__:
        fields = [field.name for field in dataclasses.fields(getattr(shapes, name)) if field.name != "more"]
        assert fields == list(getattr(schemas, name).model_fields), name


def test_the_readme_can_be_read_by_python() -> None:
    for code in re.findall(r"```python\n(.*?)```", (HOME / "README.md").read_text(), re.S):
        ast.parse(code)
