"""A real session against a server on loopback, all loggers at DEBUG: no person, no key, no URL that holds them."""

from __future__ import annotations

import asyncio
import json
import logging
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipelines.jobs.ingest_supabase import ingest_supabase
from pipelines.runs import new_run_id
from pipelines.sources.supabase.live import LiveRatings
from tests.hostile.conftest import SECRET, quick_retries, settings_for
from tests.hostile.servers import Lie, answer, lying
from warehouse.errors import PlaybillError

PERSON = "0b0f0b0f-1111-4222-8333-444455556666"

__all__ = ["quick_retries"]


def postgrest(rows: list[dict[str, object]]) -> Lie:
    """Answer every third request with a fault, and tell the query back as PostgREST's Content-Location does."""
    numbers = count(1)

    def lie(handler: BaseHTTPRequestHandler) -> None:
        told: dict[str, Any] = {"Content_Location": handler.path, "Location": handler.path}
        if next(numbers) % 3 == 2:
            refusal = json.dumps({"code": "57014", "message": f"canceling statement of {PERSON}"}).encode()
            return answer(handler, refusal, 500, **told)
        end = "is.null" in handler.path or "gt." in handler.path
        return answer(handler, json.dumps([] if end else rows).encode(), 200, **told)

    return lie


@pytest.mark.usefixtures("quick_retries")
def test_no_person_and_no_key_is_logged_at_any_level(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    # without an id the table is paged by person, so that people are in the questions as well
    rows: list[dict[str, object]] = [{"user_id": PERSON, "movie_id": 603, "rating": 4.5}]
    with lying(postgrest(rows)) as (url, seen):
        settings = settings_for(tmp_path, url)
        columns = settings.supabase.columns.model_copy(update={"id": "", "created_at": "", "updated_at": ""})
        supabase = settings.supabase.model_copy(update={"columns": columns})
        ingest_supabase(settings.model_copy(update={"supabase": supabase}), new_run_id())

        async def live() -> None:
            reader = LiveRatings(url, SECRET, supabase)
            try:
                await reader.read(PERSON, seconds=2.0)
            finally:
                await reader.close()

        asyncio.run(live())
    with pytest.raises(PlaybillError) as raised:
        ingest_supabase(settings, new_run_id())  # nobody is there any more
    assert PERSON in seen.text  # they were asked for
    assert SECRET in seen.text
    logged = [json.dumps(record.__dict__, default=repr) for record in caplog.records]
    assert any("HTTP Request: GET" in line for line in logged)
    assert any("question failed" in line for line in logged)
    for secret in (PERSON, SECRET, "user_id=", "apikey"):
        assert not [line for line in logged if secret in line]
        assert secret not in str(raised.value)
