from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.people.suppression import suppress
from pipelines.sources.supabase.live import LiveRating
from serving.lists.live import Live
from serving.metrics import Metrics
from serving.snapshot import Snapshot
from tests.serving.conftest import Api, ids, own, running, settings_of, supabase_settings_of
from tests.serving.releases import (
    ALIEN,
    ALIENS,
    AMELIE,
    ANNA,
    BEN,
    CHOCOLAT,
    GRAVITY,
    MOON,
    ONCE,
    PEOPLE,
    SOLARIS,
    publish_release,
)
from tests.serving.supabase import FakeSupabase
from warehouse.release_reader import StoredHistory
from warehouse.store import ReleaseStore

Body = dict[str, Any]


def mine(api: Api, supabase: FakeSupabase, user: str = ANNA, query: str = "limit=4") -> Body:
    answer = api.get(f"/recommendations/me?{query}", headers=own(supabase, user))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body: Body = answer.json()
    return body


def test_without_a_new_rating_it_is_the_stored_list(app_api: Api, supabase: FakeSupabase) -> None:
    body = mine(app_api, supabase)
    stored = app_api.get(f"/recommendations/{ANNA}?limit=4", headers={"X-API-Key": "first-key"}).json()
    assert (body["strategy"], body["stale"], body["total_ratings"]) == ("precomputed", False, 5)
    assert body["recommendations"] == stored["recommendations"]
    assert ids(body)[0] == GRAVITY


def test_a_film_just_rated_is_gone_and_moves_its_like(app_api: Api, supabase: FakeSupabase) -> None:
    assert ids(mine(app_api, supabase))[0] == GRAVITY
    for film in (AMELIE, CHOCOLAT, GRAVITY):
        supabase.rate(ANNA, film, 5.0)
    body = mine(app_api, supabase)
    assert (body["strategy"], body["total_ratings"]) == ("live", 8)
    # Once is the one romance left, and nothing of science fiction is
    assert ids(body)[0] == ONCE
    assert not {AMELIE, CHOCOLAT, GRAVITY} & set(ids(body))
    assert app_api.get("/metrics").text.count('playbill_lists_total{strategy="live"} 1.0') == 1


def test_nothing_about_anybody_is_kept_between_two_requests(app_api: Api, supabase: FakeSupabase) -> None:
    supabase.rate(ANNA, GRAVITY, 5.0)
    assert mine(app_api, supabase)["strategy"] == "live"
    del supabase.rows[ANNA][GRAVITY]
    assert mine(app_api, supabase)["strategy"] == "precomputed"


def test_a_changed_rating_makes_a_new_list(app_api: Api, supabase: FakeSupabase) -> None:
    supabase.rate(ANNA, ALIEN, 1.0)
    body = mine(app_api, supabase)
    assert (body["strategy"], body["total_ratings"]) == ("live", 5)


@pytest.mark.parametrize("cap", [1000, 700, 3])
def test_ratings_past_the_row_cap_are_all_read(app_api: Api, supabase: FakeSupabase, cap: int) -> None:
    supabase.max_rows = cap
    count = 1500 if cap > 3 else 20
    for film in range(1000, 1000 + count):
        supabase.rate(ANNA, film, 3.0)
    assert mine(app_api, supabase)["total_ratings"] == count + 5


def test_under_five_ratings_it_is_popular_films_without_the_rated(app_api: Api, supabase: FakeSupabase) -> None:
    body = mine(app_api, supabase, BEN)
    assert (body["strategy"], body["fallback_used"], body["total_ratings"]) == ("popularity_fallback", True, 1)
    assert AMELIE not in ids(body)
    assert ids(body)[0] == ALIEN
    newcomer = mine(app_api, supabase, "00000000-0000-4000-8000-0000000000ff")
    assert (newcomer["strategy"], newcomer["total_ratings"]) == ("popularity_fallback", 0)


def test_the_fewest_ratings_are_a_setting(app_data: Path, supabase: FakeSupabase) -> None:
    with running(supabase_settings_of(app_data, min_ratings=1), supabase.transport()) as api:
        assert mine(api, supabase, BEN)["strategy"] == "precomputed"


def test_ratings_of_other_sources_stay(tmp_path: Path, supabase: FakeSupabase) -> None:
    settings = supabase_settings_of(tmp_path)
    publish_release(settings.folder, {ANNA: PEOPLE[ANNA], "ml_1": PEOPLE["ml_1"]}, sources={ANNA: "events"})
    del supabase.rows[ANNA][MOON]
    supabase.rate(ANNA, GRAVITY, 5.0)
    with running(settings, supabase.transport()) as api:
        body = mine(api, supabase)
    assert body["total_ratings"] == 6
    assert not {MOON, GRAVITY, SOLARIS} & set(ids(body))


def test_a_rating_deleted_in_the_app_is_gone_whoever_else_knew_of_it(tmp_path: Path, supabase: FakeSupabase) -> None:
    settings = supabase_settings_of(tmp_path)
    publish_release(settings.folder, sources={ANNA: "events+supabase"})
    with running(settings, supabase.transport()) as api:
        assert mine(api, supabase)["total_ratings"] == 5
        supabase.rate(ANNA, GRAVITY, 4.0)
        del supabase.rows[ANNA][ALIEN]
        body = mine(api, supabase)
    assert (body["strategy"], body["total_ratings"]) == ("live", 5)
    assert ids(body)[0] == ALIEN


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's clock is set to New York, five hours behind UTC in winter."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_new_york")
def test_times_without_a_zone_are_utc_wherever_the_server_stands(tmp_path: Path, supabase: FakeSupabase) -> None:
    settings = supabase_settings_of(tmp_path)
    publish_release(settings.folder, {ANNA: [(film, 4.0, 7200) for film in (ALIEN, ALIENS, SOLARIS, MOON, GRAVITY)]},
                    sources={ANNA: "events"})  # fmt: skip
    supabase.naive_times = True
    # an hour before what the release knows: read in New York's zone it would be four hours after, and win
    supabase.rows[ANNA] = {ALIEN: (0.5, 3600)}
    with running(settings, supabase.transport()) as api:
        assert mine(api, supabase)["strategy"] == "precomputed"


@pytest.mark.parametrize("fault", [500, 503, "drop", "html", 401, 403])
def test_without_supabase_it_is_the_stored_list_marked_stale(
    app_api: Api, supabase: FakeSupabase, fault: int | str
) -> None:
    mine(app_api, supabase)
    supabase.always = fault
    body = mine(app_api, supabase)
    assert (body["strategy"], body["stale"], ids(body)[0]) == ("precomputed", True, GRAVITY)


def test_a_slow_supabase_is_not_waited_for(app_data: Path, supabase: FakeSupabase) -> None:
    with running(supabase_settings_of(app_data, live_seconds=0.2), supabase.transport()) as api:
        mine(api, supabase)
        supabase.delay_seconds = 30.0
        assert mine(api, supabase)["stale"] is True
        newcomer = mine(api, supabase, "00000000-0000-4000-8000-0000000000ff")
        assert (newcomer["strategy"], newcomer["stale"]) == ("popularity_fallback", True)


def test_a_failure_that_passes_is_not_noticed(app_api: Api, supabase: FakeSupabase) -> None:
    mine(app_api, supabase)
    supabase.failing = [503, "drop", "html"]
    assert mine(app_api, supabase)["stale"] is False


def test_live_lists_have_an_allowance(app_data: Path, supabase: FakeSupabase) -> None:
    settings = supabase_settings_of(app_data, live_rate=0.01, live_burst=2)
    with running(settings, supabase.transport()) as api:
        headers = own(supabase)
        answers = [api.get("/recommendations/me", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["retry-after"]) >= 1
        assert mine(api, supabase, BEN)["user_id"] == BEN


def test_with_auth_unreachable_it_is_popular_films_for_nobody(app_data: Path, supabase: FakeSupabase) -> None:
    supabase.always = 503
    with running(supabase_settings_of(app_data, live_seconds=0.1), supabase.transport()) as api:
        body = mine(api, supabase)
        assert (body["user_id"], body["strategy"], body["stale"]) == (None, "popularity_fallback", True)
        assert ids(body)[:2] == [ALIEN, AMELIE] or ids(body)[:2] == [ALIEN, ALIENS]
        personal = api.get(f"/recommendations/{ANNA}", headers=own(supabase))
        assert (personal.status_code, personal.headers["retry-after"]) == (503, "2")


def test_somebody_forgotten_is_unknown_at_once(tmp_path: Path, supabase: FakeSupabase) -> None:
    settings = supabase_settings_of(tmp_path, api_keys="k")
    publish_release(settings.folder)
    with running(settings, supabase.transport()) as api:
        headers = {"X-API-Key": "k"}
        before = api.get("/recommendations/ml_1", headers=headers)
        assert before.json()["strategy"] == "precomputed"
        assert suppress(settings.folder, "ml_1")
        api.refresh()
        tag = {"If-None-Match": before.headers["etag"]}
        after = api.get("/recommendations/ml_1", headers={**headers, **tag})
        assert (after.status_code, after.json()["strategy"]) == (200, "popularity_fallback")
        assert api.get("/recommend?user_id=ml_1", headers=headers).status_code == 404
        assert api.get("/recommendations/ml_2", headers=headers).json()["strategy"] == "precomputed"


def test_the_stored_history_is_looked_up_while_supabase_is_asked(tiny_data: Path) -> None:
    settings = settings_of(tiny_data)
    snapshot = Snapshot(ReleaseStore(settings.folder).current(), settings.serving)
    looked_up, history_of = threading.Event(), snapshot.history_of

    def look_up(user_id: str) -> StoredHistory | None:
        looked_up.set()
        return history_of(user_id)

    class Supabase:
        async def read(self, user_id: str, *, seconds: float) -> list[LiveRating]:
            # an answer that comes only then: asked one after the other, this would never come
            assert await asyncio.to_thread(looked_up.wait, 5)
            return [LiveRating(film, 5.0, 1_700_000_000) for film in (AMELIE, CHOCOLAT)]

    snapshot.history_of = look_up  # type: ignore[method-assign]
    live = Live(Supabase(), Metrics(), seconds=0.4, min_ratings=1)  # type: ignore[arg-type]
    made = asyncio.run(live.list_for(snapshot, "ml_1", 3, started=time.monotonic()))
    assert made.strategy == "live"
    assert looked_up.is_set()


def test_no_history_is_looked_up_where_there_is_nobody_to_ask(tiny_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tiny_data)
    snapshot = Snapshot(ReleaseStore(settings.folder).current(), settings.serving)
    looked_up: list[str] = []
    monkeypatch.setattr(snapshot, "history_of", looked_up.append)
    live = Live(None, Metrics(), seconds=0.4, min_ratings=1)
    made = asyncio.run(live.list_for(snapshot, "ml_1", 3, started=time.monotonic()))
    assert (made.strategy, made.stale, made.outdated) == ("precomputed", True, None)
    assert looked_up == []
