from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.jobs.ingest_events import ingest_events
from pipelines.people.suppression import suppress
from pipelines.runs import new_run_id
from pipelines.settings_sections import EventSettings
from tests.serving.conftest import Api, running, settings_of, supabase_settings_of
from tests.serving.releases import ALIEN, ANNA, BEN, publish_release
from tests.serving.supabase import FakeSupabase
from warehouse.inbox import InboxLog

LIKE = {"movie_id": ALIEN, "event": "like", "timestamp": "2026-11-20T10:00:00Z"}


def lines(inbox: Path, pattern: str = "[!.]*.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(inbox.glob(pattern)) for line in path.read_text().splitlines()]


def test_it_does_not_exist_unless_asked_for(api: Api) -> None:
    assert api.post("/feedback", json={"user_id": "ml_1", "events": [LIKE]}).status_code == 404
    assert "/feedback" not in api.get("/openapi.json").json()["paths"]


def test_events_are_on_disk_and_show_when_the_log_is_closed(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, feedback=True)
    served = {"release_id": publish_release(settings.folder)}
    inbox = settings.folder.inbox
    with running(settings) as api:
        rating = {"movie_id": 12, "event": "rating", "value": 4.5, "timestamp": "2026-11-20T10:00:00"}
        answer = api.post("/feedback", json={"user_id": "7", "events": [LIKE, rating]})
        assert (answer.status_code, answer.json()) == (202, {"taken": 2})
        assert lines(inbox) == []
        assert len(lines(inbox, ".feedback-*.part")) == 2
    about = {"user_id": "ml_7", "timestamp": "2026-11-20T10:00:00+00:00", **served}
    assert lines(inbox) == [
        {**about, "movie_id": 11, "event": "like"},
        {**about, "movie_id": 12, "event": "rating", "value": 4.5},
    ]
    assert list(inbox.glob(".*")) == []


def test_it_takes_what_is_ones_own_only(tmp_path: Path, supabase: FakeSupabase) -> None:
    settings = supabase_settings_of(tmp_path, feedback=True, api_keys="k")
    with running(settings, supabase.transport()) as api:
        body = {"user_id": ANNA, "events": [LIKE]}
        bens = {"Authorization": f"Bearer {supabase.token(BEN)}"}
        annas = {"Authorization": f"Bearer {supabase.token(ANNA)}"}
        statuses = [
            api.post("/feedback", json=body, headers=h).status_code for h in ({}, bens, annas, {"X-API-Key": "k"})
        ]
        assert statuses == [401, 403, 202, 202]
    assert len(lines(settings.folder.inbox)) == 2


@pytest.mark.parametrize(
    "event",
    [{"event": "like"}, {**LIKE, "event": "adore"}, {**LIKE, "value": 9}, {**LIKE, "note": "x"}, {"movie_id": 1}],
)
def test_events_that_are_none_are_refused(tmp_path: Path, event: dict[str, Any]) -> None:
    with running(settings_of(tmp_path, feedback=True)) as api:
        assert api.post("/feedback", json={"user_id": "u", "events": [event]}).status_code == 422
        assert api.post("/feedback", json={"user_id": "u", "events": []}).status_code == 422
    assert not (tmp_path / "lake" / "inbox").exists()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"movie_id": 12, "event": "rating"}, "event 2: value of a rating is not 0.5-5.0 stars"),
        ({**LIKE, "timestamp": "2099-01-01T00:00:00Z"}, "event 2: timestamp is in the future"),
        ({**LIKE, "timestamp": "1969-12-31T00:00:00Z"}, "event 2: timestamp is outside 1970-2100"),
        ({**LIKE, "event": "adore"}, "event 2: event is missing or unknown"),
        ({**LIKE, "movie_id": 0}, None),
    ],
)
def test_what_ingest_would_not_take_is_refused_at_the_door(
    tmp_path: Path, event: dict[str, Any], reason: str | None
) -> None:
    with running(settings_of(tmp_path, feedback=True)) as api:
        answer = api.post("/feedback", json={"user_id": "ml_1", "events": [LIKE, event]})
        assert answer.status_code == 422
        if reason is not None:
            assert answer.json()["detail"] == reason
    assert not (tmp_path / "lake" / "inbox").exists()


@pytest.mark.slow
@given(
    events=st.lists(
        st.fixed_dictionaries(
            {"movie_id": st.integers(-1, 2**31), "event": st.sampled_from(["like", "rating", "view", "no"])},
            optional={
                "value": st.none() | st.floats(0, 6),
                "timestamp": st.datetimes(timezones=st.none() | st.just(UTC)).map(datetime.isoformat) | st.integers(),
            },
        ),
        min_size=1,
        max_size=4,
    ),
    user=st.text(max_size=8) | st.sampled_from(["ml_7", "ev_1", "sample_2", ANNA.upper()]),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_whatever_is_acknowledged_is_taken_by_the_ingest(events: list[dict[str, Any]], user: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        settings = settings_of(Path(home), feedback=True).model_copy(update={"events": EventSettings(settle_seconds=0)})
        with running(settings) as api:
            status = api.post("/feedback", json={"user_id": user, "events": events}).status_code
        ingested = ingest_events(settings, new_run_id())
        assert status in (202, 422)
        assert (ingested.events, ingested.bad_lines) == ((len(events), 0) if status == 202 else (0, 0))


def test_feedback_of_somebody_forgotten_is_refused(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, feedback=True)
    publish_release(settings.folder)
    suppress(settings.folder, "ml_1")
    with running(settings) as api:
        assert api.post("/feedback", json={"user_id": "1", "events": [LIKE]}).status_code == 403
    assert not settings.folder.inbox.exists()


def test_a_log_is_closed_at_its_size(tmp_path: Path) -> None:
    log = InboxLog(tmp_path, max_bytes=50)
    for number in range(4):
        log.append([{"number": number, "filler": "x" * 20}])
    assert [line["number"] for line in sorted(lines(tmp_path), key=lambda line: int(line["number"]))] == [0, 1, 2, 3]
    assert len(list(tmp_path.glob("*.jsonl"))) == 2
    log.close()
    assert len(list(tmp_path.glob("[!.]*.jsonl"))) == 2


def test_a_log_is_closed_at_its_age(tmp_path: Path) -> None:
    log = InboxLog(tmp_path, max_bytes=1e9, max_seconds=0.0)
    log.append([{"a": 1}])
    log.close_if_old()
    assert lines(tmp_path) == [{"a": 1}]
    patient = InboxLog(tmp_path, max_bytes=1e9, max_seconds=1000.0)
    patient.append([{"a": 2}])
    patient.close_if_old()
    assert lines(tmp_path) == [{"a": 1}]
    patient.close()


def test_logs_of_the_dead_are_adopted_and_those_of_the_living_left(tmp_path: Path) -> None:
    living = InboxLog(tmp_path, max_bytes=1e9)
    living.append([{"a": 1}])
    (tmp_path / ".feedback-20260101T000000-dead.part").write_text('{"b": 1}\n{"b": 2')
    assert InboxLog(tmp_path, max_bytes=1e9).adopt() == 1
    adopted = (tmp_path / "feedback-20260101T000000-dead.jsonl").read_text()
    # the cut line is ended, so that ingest sets it aside instead of waiting for the rest
    assert adopted == '{"b": 1}\n{"b": 2\n'
    assert len(list(tmp_path.glob(".feedback-*.part"))) == 1
    living.append([{"a": 2}])
    living.close()
    (own,) = (path for path in tmp_path.glob("*.jsonl") if "dead" not in path.name)
    assert own.read_text() == '{"a":1}\n{"a":2}\n'
