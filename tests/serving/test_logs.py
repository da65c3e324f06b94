"""A session of every route: whoever reads the logs, ours, httpx's or the server's, learns nothing of who was there."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.serving.conftest import running, settings_of, supabase_settings_of
from tests.serving.process import environment_of, wait_for
from tests.serving.releases import ALIEN, ANNA, BEN, publish_release
from tests.serving.supabase import FakeSupabase

PEOPLE = (ANNA, BEN, "ml_1", "ml_2", "ml_3", "nobody_at_all")
HARNESS = "http://localhost"
"""Whom the test's own client asks; httpx logs that too, and it is not of the API."""


def session(get: object, post: object, token: str | None = None) -> None:
    """Ask for everything that can be asked of a person, well and badly."""
    assert callable(get)
    assert callable(post)
    own = {"Authorization": f"Bearer {token}"} if token else {}
    for user in PEOPLE:
        for path in (
            f"/recommendations/{user}", f"/recommendations/{user}?limit=3&genre=Drama",
            f"/recommendations/{user}?fresh=true", f"/recommendations/{user}?limit=0",
            f"/recommendations/{user}?limt=3", f"/users/{user}/history",
            f"/recommend?user_id={user}&liked={ALIEN}", f"/api/recommendations?user_id={user}",
            f"/users/{user}/nothing", f"/movies/search?q={user}", f"/movies/popular?genre={user}", f"/{user}",
            f"/recommendations/me?user_id={user}",
        ):  # fmt: skip
            get(path)
            if own:
                get(path, headers=own)
        post("/recommendations/batch", json={"user_ids": [user]})
        post("/recommend", json={"user_id": user, "query": f"what {user} likes"})
        post("/feedback", json={"user_id": user, "events": [{"movie_id": ALIEN, "event": "like"}]})
        post("/feedback", json={"user_id": user, "events": [{"movie_id": ALIEN, "event": user}]})
    if own:
        get("/recommendations/me", headers=own)


def named_in(text: str) -> list[str]:
    return [user for user in PEOPLE if user in text]


def test_nobody_is_named_by_ours_or_by_httpx(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    supabase = FakeSupabase.with_people(ANNA, BEN)
    settings = supabase_settings_of(tmp_path, api_keys="k" * 20, feedback=True, live_seconds=0.2)
    publish_release(settings.folder, sources={ANNA: "supabase", BEN: "supabase"})
    with caplog.at_level(logging.DEBUG), running(settings, supabase.transport()) as api:
        with_key = {"X-API-Key": "k" * 20}
        session(
            lambda path, headers=with_key: api.get(path, headers=headers),
            lambda path, json: api.post(path, json=json, headers=with_key),
            supabase.token(ANNA),
        )
        supabase.failing = [500, "drop", "html", 403] * 3
        session(lambda path, headers=with_key: api.get(path, headers=headers), lambda path, json: None)
    records = [record for record in caplog.records if HARNESS not in record.getMessage()]
    assert {"serving.http.edge", "httpx"} <= {record.name for record in records}
    formatter = logging.Formatter()
    told = {record.name: formatter.format(record) for record in records if named_in(formatter.format(record))}
    assert told == {}


@pytest.mark.slow
def test_nobody_is_named_in_what_the_server_prints(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data", feedback=True)
    publish_release(settings.folder, created_at=datetime.now(UTC).replace(microsecond=0))
    log = tmp_path / "log"
    command = [sys.executable, "-c", "from flows.cli import main; main()", "serve", "--port", "0"]
    with log.open("wb") as file:
        port = _free_port()
        command[-1] = str(port)
        process = subprocess.Popen(
            command, env={**environment_of(settings), "PLAYBILL_LOG_LEVEL": "DEBUG"}, stdout=file, stderr=file
        )
        try:
            wait_for(f"http://127.0.0.1:{port}", process)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                session(client.get, client.post)
        finally:
            process.terminate()
            process.wait(20)
    text = log.read_text()
    assert text.count("request done") > 80
    assert named_in(text) == []


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
