"""An id that the API is told comes back as it is: HTTP feedback, ingest, build, interactions, the list's address."""

from __future__ import annotations

from pipelines.jobs.build import build
from pipelines.jobs.ingest_events import ingest_events
from pipelines.jobs.ingest_supabase import ingest_supabase
from pipelines.people.reader import read_people
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import ServingSettings
from tests.pipelines.jobs.test_build_sources import ANN, rated
from tests.pipelines.sources.supabase.postgrest import Table
from tests.serving.conftest import running
from warehouse.db import connect

SENT = {
    "ml_7": "ml_7",
    "ev_42": "ev_42",
    "sample_10": "sample_10",
    "app_sample_10": "app_sample_10",
    ANN.upper(): ANN,
    "8": "ml_8",  # as everywhere in the API, a bare number is MovieLens's
    "bob": "ev_bob",
    'ev_a"b\\c/é': 'ev_a"b\\c/é',
}


def test_feedback_is_credited_to_whom_it_names(app: Settings) -> None:
    open_api = app.model_copy(update={"serving": ServingSettings(feedback=True), "supabase_url": None})
    with running(open_api) as api:
        for user in SENT:
            event = {"movie_id": 503, "event": "rating", "value": 4.5, "timestamp": "2026-01-05T00:00:00Z"}
            assert api.post("/feedback", json={"user_id": user, "events": [event]}).status_code == 202
        assert api.post("/feedback", json={"user_id": " ", "events": [event]}).status_code == 422
    ingested = ingest_events(app, new_run_id())
    assert (ingested.events, ingested.bad_lines) == (len(SENT), 0)
    build(app, new_run_id())
    with connect() as con:
        query = (
            f"SELECT user_id FROM read_parquet('{app.folder.dataset('interactions')}') "
            "WHERE movie_id = 503 AND list_contains(sources, 'events')"
        )
        credited = {row[0] for row in con.execute(query).fetchall()}
    assert credited == set(SENT.values())


def test_an_id_in_the_app_s_table_is_nobody_else_s(app: Settings) -> None:
    rows = [rated(n, user, 501, 5.0, 5) for n, user in enumerate(("sample_10", "ml_7", "7", ANN.upper()), start=1)]
    ingest_supabase(app, new_run_id(), transport=Table(rows).transport)
    build(app, new_run_id())
    people = {user for user in read_people(app.folder).user_ids if not user.startswith("ml_")}
    assert people == {"app_sample_10", "app_ml_7", "app_7", ANN}
    with connect() as con:
        query = "SELECT sources FROM read_parquet(?) WHERE user_id = 'ml_7'"
        sources = con.execute(query, [str(app.folder.dataset("interactions"))]).fetchall()
    assert {tuple(row[0]) for row in sources} == {("movielens",)}
