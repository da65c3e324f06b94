"""The enrichment job when TMDB is down, goes down, refuses the key, fails for a film or says odd things."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from pipelines.settings import Settings
from tests.pipelines.jobs.enriching import RUN, files, movies, run, settings, statuses, tmdb
from tests.tmdb_fake import FakeTmdb, refusal
from warehouse import ledgers
from warehouse.errors import ConfigError

__all__ = ["settings", "tmdb"]

pytestmark = pytest.mark.usefixtures("virtual_time")


@pytest.mark.slow
def test_nothing_older_than_180_days_is_used_even_when_tmdb_is_down(settings: Settings, tmdb: FakeTmdb) -> None:
    run(settings, tmdb, popular=3)
    tmdb.fault = lambda request, before: httpx.ConnectError("refused")
    kept = run(settings, tmdb, days=179.9, popular=3)
    assert (kept.covered, kept.found, kept.left_over) == (3, 0, 5)
    assert movies(settings)[862]["overview"] == "What happens in Toy Story."
    gone = run(settings, tmdb, days=180, popular=3)
    assert gone.covered == 0
    found = movies(settings)
    assert (found[862]["title"], found[862]["overview"]) == ("Toy Story", None)
    assert 900 not in found


def test_a_tmdb_that_is_down_ends_the_step_with_a_warning(
    settings: Settings, tmdb: FakeTmdb, caplog: pytest.LogCaptureFixture
) -> None:
    run(settings, tmdb, popular=3)
    before = movies(settings)
    tmdb.fault = lambda request, before: httpx.Response(503, html="<h1>maintenance</h1>")
    result = run(settings, tmdb, days=1, popular=3)
    assert result.warning == (
        "TMDB does not answer /configuration (503 Service Unavailable, not JSON, 5 times); "
        "the facts of earlier runs are used"
    )
    assert [r.levelno for r in caplog.records if r.message.startswith("enrich done")][-1:] == [logging.WARNING]
    assert (result.covered, result.popular, result.kept) == (3, 1, 4)
    assert movies(settings) == before


def spared(request: httpx.Request, before: int) -> bool:
    """Tell whether a request comes before things go wrong: the key's check, the popular list, two films."""
    return before == 0 or request.url.path.endswith(("/popular", "/862", "/348"))


def test_a_tmdb_that_goes_down_leaves_what_it_gave_and_the_rest_for_the_next_run(
    settings: Settings, tmdb: FakeTmdb
) -> None:
    tmdb.fault = lambda request, before: None if spared(request, before) else httpx.ConnectError("refused")
    result = run(settings, tmdb, popular=1)
    assert (result.found, result.left_over, result.failed) == (2, 3, 0)
    assert result.warning == "TMDB does not answer (refused); the facts of earlier runs are used"
    assert statuses(settings) == {862: "found", 348: "found"}
    tmdb.forget()
    tmdb.fault = lambda request, before: None
    assert run(settings, tmdb, popular=1).found == 1
    assert tmdb.asked == {300: 1, 330: 1, 400: 1, 900: 1}


def test_a_wrong_key_changes_nothing(settings: Settings, tmdb: FakeTmdb) -> None:
    run(settings, tmdb, popular=3)
    before = files(settings)
    tmdb.forget()
    wrong = settings.model_copy(update={"tmdb_api_key": SecretStr("f" * 32)})
    with pytest.raises(ConfigError, match="refuses the key in TMDB_API_KEY") as raised:
        run(wrong, tmdb, days=1)
    assert "f" * 32 not in str(raised.value)
    assert len(tmdb.requests) == 1
    assert files(settings) == before


def test_a_key_that_is_withdrawn_half_way_keeps_what_came(settings: Settings, tmdb: FakeTmdb) -> None:
    withdrawn = refusal(401, 7, "Invalid API key")
    tmdb.fault = lambda request, before: None if spared(request, before) else withdrawn
    with pytest.raises(ConfigError):
        run(settings, tmdb, popular=1)
    assert statuses(settings) == {862: "found", 348: "found"}


@pytest.mark.slow
def test_a_film_that_fails_is_put_off_longer_each_time_and_keeps_its_facts(settings: Settings, tmdb: FakeTmdb) -> None:
    run(settings, tmdb, popular=0)

    def alien_fails(request: httpx.Request, before: int) -> httpx.Response | None:
        return refusal(500, 11, "Internal error") if request.url.path.endswith("/348") else None

    tmdb.fault, tmdb.changed = alien_fails, [348]
    days = 1.0
    for attempts, hours in ((1, 1), (2, 4), (3, 16)):
        result = run(settings, tmdb, days=days, popular=0)
        assert (result.failed, result.covered) == (1, 3)
        row = next(r for r in ledgers.read(settings.folder, "enrichment") if r["asked_id"] == 348)
        assert (row["status"], row["attempts"], row["title"]) == ("failed", attempts, "Alien")
        assert row["next_try"] - row["recorded_at"] == timedelta(hours=hours)
        assert row["reason"] == "500 Internal error, 5 times"
        tmdb.changed = []
        days += (hours + 0.01) / 24
    tmdb.fault = lambda request, before: None
    assert run(settings, tmdb, days=days, popular=0).found == 1
    assert statuses(settings)[348] == "found"


def test_faults_are_asked_again_and_nothing_else_is(settings: Settings, tmdb: FakeTmdb) -> None:
    failed: Counter[str] = Counter()

    def every_third(request: httpx.Request, before: int) -> httpx.Response | Exception | None:
        if before % 3 != 2:
            return None
        failed[request.url.path] += 1
        wrong: list[httpx.Response | Exception] = [
            httpx.ReadTimeout("slow"),
            refusal(503, 9, "offline"),
            httpx.Response(502, html="<h1>502 Bad Gateway</h1>"),
        ]
        return wrong[before % 9 // 3]

    tmdb.fault = every_third
    result = run(settings, tmdb, popular=3)
    assert failed.total() >= 4
    assert (result.found, result.remapped, result.missing, result.failed) == (3, 1, 2, 0)
    asked = Counter(request.url.path for request in tmdb.requests)
    assert {path: count - failed[path] for path, count in asked.items()} == dict.fromkeys(asked, 1)


def test_odd_values_are_counted_noted_and_set_aside(settings: Settings, tmdb: FakeTmdb) -> None:
    tmdb.films[862].update(runtime="81", release_date="1995-02-31")
    tmdb.films[348]["overview"] = "x" * 10_000_000
    tmdb.films[330]["id"] = 331
    result = run(settings, tmdb, popular=0)
    assert set(result.problems) == {
        "runtime: a text where a number belongs (coerced): 1",
        "release_date: no day between 1870 and 2150 (dropped): 1",
        "overview: longer than 10000 characters (coerced): 1",
        "id: not the film 330 that was asked for (dropped): 1",
    }
    assert (result.found, result.remapped, result.failed) == (2, 1, 0)
    assert statuses(settings)[330] == "failed"
    toy = movies(settings)[862]
    assert (toy["runtime"], toy["release_date"], toy["year"]) == (81, None, 1995)  # the year is MovieLens's
    aside = (settings.folder.quarantine / f"tmdb-{RUN}.csv").read_text(encoding="utf-8")
    assert '862,"release_date","no day between 1870 and 2150","dropped","1995-02-31"' in aside
    assert len(aside) < 1500
