"""A Data API that lies in its rows: each bad row alone is lost, each endless read ends."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.jobs.ingest_supabase import SupabaseIngested, ingest_supabase
from pipelines.runs import new_run_id
from pipelines.settings_sections import QualitySettings
from tests.hostile.conftest import settings_for
from tests.hostile.servers import Lie, answer, lying
from tests.tally import attempt
from warehouse.errors import PlaybillError, SourceFormatError, TooManyBadRowsError

pytestmark = pytest.mark.slow

GOOD: dict[str, Any] = {"rating": 4.0, "created_at": "2026-01-01T00:00:00Z", "updated_at": None}


def row(number: int, **values: Any) -> dict[str, Any]:
    return {
        "id": number,
        "user_id": f"0b0f0b0f-0000-4000-8000-{number:012d}",
        "movie_id": 100 + number,
        **GOOD,
        **values,
    }


def serving_rows(rows: list[str]) -> Lie:
    """Serve rows of JSON text, in pages of five by id."""

    def lie(handler: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        if "is.null" in query.get("id", []) or "lte" in handler.path:
            return answer(handler, b"[]")
        after = int(query.get("id", ["gt.0"])[0].removeprefix("gt."))
        limit = int(query["limit"][0])
        return answer(handler, ("[" + ",".join(rows[after : after + limit]) + "]").encode("utf-8", "surrogatepass"))

    return lie


BAD: dict[str, str] = {
    "NaN": '"rating": NaN',
    "Infinity": '"rating": Infinity',
    "-Infinity as an id": '"movie_id": -Infinity',
    "a number past floats": '"rating": 1e999',
    "a number of a hundred thousand digits": '"movie_id": ' + "9" * 100_000,
    "a film past integers": '"movie_id": 2147483648',
    "a fraction of a film": '"movie_id": 1.5',
    "a film as an object": '"movie_id": {"$numberInt": "1"}',
    "digits of another script": '"movie_id": "\u0663\u0663"',
    "true stars": '"rating": true',
    "a list of stars": '"rating": [5]',
    "nobody": '"user_id": null',
    "a person as a number past all": '"user_id": ' + "7" * 300,
    "a person of spaces": '"user_id": "   "',
    "a person with a NUL": '"user_id": "a\\u0000b"',
    "a person with an escape": '"user_id": "\\u001b[31mred"',
    "half a character": '"user_id": "\\ud800"',
    "half a character, raw": '"user_id": "\ud800"',
    "a person too long": '"user_id": "' + "x" * 5000 + '"',
    "a time that is a number": '"updated_at": 9999999999999',
    "a time that is a list": '"updated_at": [2026]',
    "infinity": '"updated_at": "infinity"',
    "before Christ": '"created_at": "0044-03-15T00:00:00 BC"',
    "the 13th month": '"created_at": "2026-13-01T00:00:00Z"',
}


def ingested(tmp_path: Path, lie: Lie, share: float = 0.2) -> SupabaseIngested:
    with lying(lie) as (url, _):
        settings = settings_for(tmp_path, url, quality=QualitySettings(max_bad_share=share))
        return ingest_supabase(settings, new_run_id())


@pytest.mark.parametrize("bad", BAD)
def test_a_row_that_cannot_be_read_is_lost_alone(bad: str, tmp_path: Path) -> None:
    rows = [json.dumps(row(number)) for number in range(1, 13)]
    rows[6] = rows[6][:-1] + ", " + BAD[bad] + "}"  # the later of two keys counts
    with attempt("hostile rows"):
        result = ingested(tmp_path, serving_rows(rows))
        assert (result.rows_read, result.fresh, result.bad_rows) == (12, 11, 1)


@pytest.mark.parametrize("share", [0.05, 0.8])
def test_more_bad_rows_than_allowed_fail_the_run(share: float, tmp_path: Path) -> None:
    rows = [json.dumps(row(n, rating=99 if n % 20 < share * 20 + 1 else 4)) for n in range(1, 101)]
    with attempt("hostile rows"), pytest.raises(TooManyBadRowsError, match="PLAYBILL_QUALITY__MAX_BAD_SHARE"):
        ingested(tmp_path, serving_rows(rows), share=0.05)


def pages_without_end() -> Lie:
    numbers = count(1)
    return lambda handler: answer(
        handler, b"[]" if b"is.null" in handler.path.encode() else json.dumps([row(next(numbers))]).encode()
    )


def one_page_again_and_again() -> Lie:
    return lambda handler: answer(handler, b"[]" if "is.null" in handler.path else json.dumps([row(1)]).encode())


def two_pages_in_turn() -> Lie:
    numbers = count()
    return lambda handler: answer(
        handler, b"[]" if "is.null" in handler.path else json.dumps([row(7 - next(numbers) % 2)]).encode()
    )


def no_key() -> Lie:
    return lambda handler: answer(
        handler, b"[]" if "is.null" in handler.path else json.dumps([{"user_id": "x", "movie_id": 1}]).encode()
    )


ENDLESS = {
    "pages without end": (pages_without_end, "PLAYBILL_LIMITS__PAGES"),
    "one page again and again": (one_page_again_and_again, "repeats"),
    "two pages in turn": (two_pages_in_turn, "repeats"),
    "rows without the key": (no_key, "without id"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_read_without_end_ends(kind: str, tmp_path: Path) -> None:
    make, words = ENDLESS[kind]
    with attempt("hostile pages"), pytest.raises(SourceFormatError, match=words):
        ingested(tmp_path, make())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_an_errors_words_are_one_plain_line_that_names_nobody(status: int, tmp_path: Path) -> None:
    person = "0b0f0b0f-0000-4000-8000-000000000001"
    message = f"\x1b[2Jinvalid input syntax: \n{person} [/red] eve@example.com sb_secret_hush_hush_hush"
    body = json.dumps({"code": "XX\x1b000", "message": message}).encode()
    with attempt("hostile words"), pytest.raises(PlaybillError) as raised:
        ingested(tmp_path, lambda handler: answer(handler, body, status))
    text = str(raised.value)
    assert text.isprintable()
    assert not [name for name in (person, "eve@", "hush") if name in text]
