from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pipelines.settings_sections import SupabaseSettings
from pipelines.sources.supabase.live import LiveRating, LiveRatings
from warehouse.errors import SourceFormatError, SourceUnavailableError

Handler = Callable[[httpx.Request], httpx.Response]
PAGE = [{"movie_id": 1, "rating": 4.5, "updated_at": "1970-01-01T00:01:40+00:00", "created_at": "1970-01-01T00:00:07Z"}]


def read(handler: Handler, names: SupabaseSettings | None = None, key: str = "sb_secret_x") -> list[LiveRating]:
    async def run() -> list[LiveRating]:
        live = LiveRatings(
            "https://p.example/", key, names or SupabaseSettings(), transport=httpx.MockTransport(handler)
        )
        try:
            return await live.read("u-1", seconds=0.3)
        finally:
            await live.close()

    return asyncio.run(run())


def answer(rows: Any, total: int | None = None, status: int = 200) -> httpx.Response:
    headers = {} if total is None else {"Content-Range": f"0-0/{total}"}
    return httpx.Response(status, json=rows, headers=headers)


def test_a_page_that_says_it_is_the_last_ends_the_read() -> None:
    asked: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        assert request.headers["accept-profile"] == "public"
        return answer(PAGE, total=1)

    assert read(handler) == [LiveRating(1, 4.5, 100)]
    (url,) = asked
    assert url.path == "/rest/v1/ratings"
    assert dict(url.params) == {
        "select": "movie_id,rating,updated_at,created_at",
        "user_id": "eq.u-1",
        "order": "movie_id.asc",
        "limit": "1000",
    }


def test_without_a_count_it_goes_on_until_an_answer_is_empty() -> None:
    asked: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("movie_id")
        asked.append(after)
        return answer(PAGE if after is None else [])

    assert read(handler) == [LiveRating(1, 4.5, 100)]
    assert asked == [None, "gt.1"]


def test_rows_that_are_no_ratings_are_passed_over() -> None:
    rows = [
        {"movie_id": 1, "rating": None, "updated_at": None},
        {"movie_id": 2, "rating": 0.0, "updated_at": None},
        {"movie_id": 3, "rating": "4.0", "updated_at": None, "created_at": "1970-01-01T00:00:09+00:00"},
        {"movie_id": 4, "rating": 5.5, "updated_at": None},
        {"movie_id": 5, "rating": 3, "updated_at": "soon"},
    ]
    assert read(lambda request: answer(rows, total=5)) == [LiveRating(3, 4.0, 9)]


def test_a_table_without_times_is_read_without_them() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        for name in ("updated_at", "created_at"):
            if name in request.url.params["select"]:
                error = {"code": "42703", "message": f"column ratings.{name} does not exist"}
                return answer(error, status=400)
        return answer([{"movie_id": 1, "rating": 4.0}], total=1)

    assert read(handler) == [LiveRating(1, 4.0, 0)]


def test_names_are_settings() -> None:
    names = SupabaseSettings.model_validate(
        {"table": "marks", "db_schema": "app", "columns": {"movie_id": "film", "rating": "stars", "user_id": "who",
                                                           "updated_at": "", "created_at": ""}}
    )  # fmt: skip

    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.url.path, request.headers["accept-profile"]) == ("/rest/v1/marks", "app")
        assert request.url.params["who"] == "eq.u-1"
        return answer([{"film": 7, "stars": 2.0}], total=1)

    assert read(handler, names) == [LiveRating(7, 2.0, 0)]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_what_passes_is_asked_again(status: int) -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(1)
        return answer({"message": "later"}, status=status) if len(asked) < 3 else answer(PAGE, total=1)

    assert len(read(handler)) == 1
    assert len(asked) == 3


def test_what_does_not_pass_in_time_is_an_error() -> None:
    with pytest.raises(SourceUnavailableError, match=r"within 0\.3 s"):
        read(lambda request: answer({}, status=503))


@pytest.mark.parametrize(("status", "code"), [(401, "PGRST301"), (403, "42501"), (404, "PGRST205"), (400, "42703")])
def test_a_refusal_is_an_error_at_once_that_tells_no_secret(status: int, code: str) -> None:
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(1)
        return answer({"code": code, "message": "column ratings.rating does not exist"}, status=status)

    with pytest.raises(SourceUnavailableError, match=code) as raised:
        read(handler, key="sb_secret_hidden")
    assert len(asked) == 1
    assert "hidden" not in str(raised.value)
    assert "u-1" not in str(raised.value)


@pytest.mark.parametrize("content", [b"<html>", b"{}", b"[1]", b'[{"rating": 4}]', b'[{"movie_id": "x", "rating": 4}]'])
def test_what_is_not_rows_is_an_error(content: bytes) -> None:
    with pytest.raises(SourceFormatError):
        read(lambda request: httpx.Response(200, content=content))
