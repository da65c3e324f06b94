"""Supabase's Data API: every row once, whatever the server cuts, drops or refuses."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from pipelines.people.identity import NO_ID
from pipelines.settings_sections import SupabaseColumns, SupabaseSettings
from pipelines.sources.supabase.api import SupabaseApi
from pipelines.sources.supabase.keys import key_headers
from pipelines.sources.supabase.rows import Read
from pipelines.sources.times import parse_time
from tests.pipelines.sources.supabase.postgrest import Aside, Row, Table, refusal
from warehouse.errors import ConfigError, SourceError, SourceFormatError, SourceUnavailableError

USERS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(3)]
URL = "https://project.example"


@pytest.fixture(autouse=True)
def quick_retries() -> Iterator[None]:
    stamina.set_testing(True, attempts=4, cap=True)
    yield
    stamina.set_testing(False)


def stamp(minute: int) -> str:
    return f"2026-01-01T{minute // 60:02d}:{minute % 60:02d}:00.123456+00:00"


def rows(n: int) -> list[Row]:
    """Rows of three people; minutes tie by fours, so that a page ends within a tie."""
    return [
        {
            "id": number, "user_id": USERS[number % 3], "movie_id": 100 + number, "rating": 0.5 + number % 10 / 2,
            "created_at": stamp(0), "updated_at": stamp(number // 4),
        }
        for number in range(1, n + 1)
    ]  # fmt: skip


def without(table: list[Row], *names: str) -> list[Row]:
    return [{name: value for name, value in row.items() if name not in names} for row in table]


def read(table: Table, since: datetime | None = None, **changed: Any) -> Read:
    return read_aside(table, since, **changed)[0]


def read_aside(table: Table, since: datetime | None = None, **changed: Any) -> tuple[Read, Aside]:
    aside = Aside()
    api = SupabaseApi(URL, table.key, SupabaseSettings(**changed), transport=table.transport)
    return api.read(since, aside), aside


def films(found: Read) -> list[int]:
    return sorted(found.rows["movie_id"].to_pylist())


@pytest.mark.parametrize("max_rows", [1, 3, 7, 10, 1000])
def test_a_server_that_cuts_its_pages_gives_every_row_once(max_rows: int) -> None:
    found = read(Table(rows(10), max_rows=max_rows))
    assert films(found) == list(range(101, 111))
    assert (found.complete, found.given, found.watermark) == (True, 10, parse_time(stamp(2)))


@pytest.mark.parametrize("max_rows", [1, 3, 1000])
def test_changes_are_read_from_a_moment_on_through_ties(max_rows: int) -> None:
    table = Table(rows(10), max_rows=max_rows)
    found = read(table, datetime(2026, 1, 1, 0, 1, tzinfo=UTC))
    assert films(found) == list(range(104, 111))  # ids 4 and up were changed at minute 1 or later
    assert (found.complete, found.given) == (False, 7)
    assert found.rows["rated_at"][0].as_py() == parse_time(stamp(1))


@pytest.mark.parametrize("missing", [("id",), ("updated_at",), ("id", "created_at", "updated_at")])
def test_a_table_without_times_or_ids_is_read_whole_by_person_and_film(missing: tuple[str, ...]) -> None:
    table = Table(without(rows(10), *missing), max_rows=3)
    found = read(table, datetime(2026, 1, 1, 0, 1, tzinfo=UTC))
    assert films(found) == list(range(101, 111))
    assert (found.complete, found.watermark) == (True, None)


def test_an_empty_table() -> None:
    assert read(Table([])).rows.num_rows == 0


def test_other_names_of_the_columns() -> None:
    renamed = [{**without([row], "rating")[0], "stars": row["rating"]} for row in rows(4)]
    found = read(Table(renamed), columns=SupabaseColumns(rating="stars"))
    assert found.rows["rating"].to_pylist() == [1.0, 1.5, 2.0, 2.5]


def test_bad_rows_are_kept_aside() -> None:
    table = rows(8)
    table[0]["rating"], table[1]["rating"], table[2]["movie_id"], table[3]["user_id"] = 11, None, 0, ""
    table[4]["rating"], table[5]["movie_id"] = "4.5", "77"  # PostgREST may write numerics as text
    found, aside = read_aside(Table(table))
    assert films(found) == [77, 105, 107, 108]
    assert aside.whys == [
        "rating is outside 0.5-5.0",
        "rating is not a number",
        "movie_id is not a TMDB id",
        NO_ID,
    ]


def passing_faults(number: int) -> httpx.Response | None:
    if number % 6 == 2:
        return refusal(500, "57014", "canceling statement due to statement timeout")
    if number % 6 == 3:
        return httpx.Response(502, text="<html>502 Bad Gateway</html>")
    if number % 6 == 4:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    return None


def test_faults_that_pass_cost_nothing_but_time() -> None:
    table = Table(rows(10), max_rows=3)
    table.before = lambda request, number: passing_faults(number)
    assert films(read(table)) == list(range(101, 111))


def test_a_proxys_page_with_status_200_is_tried_again() -> None:
    table = Table(rows(4))
    table.before = lambda request, number: httpx.Response(200, text="<html>Sign in</html>") if number == 2 else None
    assert films(read(table)) == [101, 102, 103, 104]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(500, "57014", "canceling statement due to statement timeout"), "57014: canceling statement"),
        (httpx.Response(503, text="<html>"), "the server answered 503"),
        (httpx.Response(200, text="<html>Sign in</html>"), "is a proxy in between"),
    ],
)
def test_a_page_that_fails_for_good_fails_the_read(answer: httpx.Response, words: str) -> None:
    table = Table(rows(10), max_rows=3)
    table.before = lambda request, number: answer if number > 4 else None
    with pytest.raises(SourceUnavailableError, match=words):
        read(table)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            refusal(403, "42501", "permission denied for table ratings"),
            SourceError,
            r"GRANT USAGE ON SCHEMA public TO service_role; GRANT SELECT ON public\.ratings TO service_role;",
        ),
        (refusal(401, None, "Invalid API key"), ConfigError, "set SUPABASE_SECRET_KEY"),
        (refusal(401, "PGRST301", "JWT expired"), ConfigError, "SUPABASE_SERVICE_ROLE_KEY"),
        (refusal(404, "PGRST205", "Could not find the table"), ConfigError, "set PLAYBILL_SUPABASE__TABLE"),
        (refusal(406, "PGRST106", "The schema must be one of: api"), ConfigError, "exposed schemas"),
        (
            refusal(400, "42703", "column ratings.movie_id does not exist"),
            ConfigError,
            "no column movie_id; set PLAYBILL_SUPABASE__COLUMNS__MOVIE_ID",
        ),
        (refusal(400, "22P02", "invalid input syntax"), ConfigError, "another type"),
        (httpx.Response(404, text="not here"), ConfigError, "check SUPABASE_URL"),
        (httpx.Response(418, text="teapot"), SourceFormatError, "418"),
    ],
)
def test_refusals_say_what_ends_them_and_are_not_tried_again(
    answer: httpx.Response, error: type[Exception], words: str
) -> None:
    table = Table(rows(3))
    table.before = lambda request, number: answer
    with pytest.raises(error, match=words):
        read(table)
    assert len(table.requests) == 1


def jwt(role: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"role": role}).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJl"


def test_each_kind_of_key_goes_where_it_belongs() -> None:
    assert key_headers("sb_secret_abc") == {"apikey": "sb_secret_abc"}
    key = jwt("service_role")
    assert key_headers(key) == {"apikey": key, "Authorization": f"Bearer {key}"}
    legacy = Table(rows(3), key=key)
    assert films(read(legacy)) == [101, 102, 103]
    assert legacy.requests[0].headers["Authorization"] == f"Bearer {key}"


@pytest.mark.parametrize("key", ["sb_publishable_abc", jwt("anon"), "", "sb_secret_a b", "sb_secret_ü"])
def test_a_key_that_reads_nothing_is_refused_before_it_is_sent(key: str) -> None:
    with pytest.raises(ConfigError, match="SUPABASE_SECRET_KEY"):
        key_headers(key)


def test_another_schema_is_asked_for() -> None:
    table = Table(rows(1))
    read(table, db_schema="api")
    assert table.requests[0].headers["Accept-Profile"] == "api"


def test_the_key_is_in_no_log_line_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    table = Table(rows(3), key="sb_secret_hush")
    table.before = lambda request, number: httpx.Response(503)
    with pytest.raises(SourceUnavailableError) as raised:
        read(table)
    assert "hush" not in caplog.text + str(raised.value) + SupabaseApi(URL, "sb_secret_hush", SupabaseSettings()).target


def test_an_address_that_is_none() -> None:
    with pytest.raises(ConfigError, match="SUPABASE_URL is not a web address"):
        SupabaseApi("project.example", "sb_secret_a", SupabaseSettings())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00+00:00", 1767225600.0),
        ("2026-01-01T02:00:00.5+02:00", 1767225600.5),
        ("2026-01-01 00:00:00.123456", 1767225600.123456),
        ("2026-01-01T00:00:00Z", 1767225600.0),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text).timestamp() == seconds
