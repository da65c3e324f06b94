"""The enrichment job from CSV files to the catalogue, against a TMDB of the tests' own, the clock in hand."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from pipelines.jobs.build import build
from pipelines.jobs.enrich import Enriched, enrich
from pipelines.jobs.ingest import ingest
from pipelines.progress import reporting
from pipelines.settings import Settings
from pipelines.settings_sections import LimitSettings, TmdbSettings
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.key import TmdbKey
from tests.pipelines.jobs.enriched_set import movielens
from tests.tmdb_fake import API_KEY, FakeTmdb, film, refusal
from warehouse import ledgers
from warehouse.enrichment import EnrichmentLedger
from warehouse.errors import ConfigError, EmptyLakeError

pytestmark = pytest.mark.usefixtures("virtual_time")

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
RUN = "20261121T030000Z-abcdef"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tmdb = TmdbSettings(rate=200.0, burst=100, in_flight=2, flush_seconds=0.01)
    made = Settings(
        data_dir=tmp_path / "data", tmdb=tmdb, tmdb_api_key=SecretStr(API_KEY), tmdb_read_token=None
    )  # fmt: skip
    ingest(made, RUN, movielens=movielens(tmp_path / "ml-latest-small"))
    return made


@pytest.fixture
def tmdb() -> FakeTmdb:
    films = {
        862: film(862, "Toy Story", genres=[{"name": "Animation"}, {"name": "Family"}]),
        348: film(348, "Alien", genres=[], overview="", release_date="1979-05-25"),
        330: film(330, "The Moved", imdb_id="tt0000300", tagline="Elsewhere"),
        900: film(900, "Brand New", popularity=900, release_date="2026-10-01"),
    }
    return FakeTmdb(films, popular=[900, 862, 999])


def run(settings: Settings, fake: FakeTmdb, *, days: float = 0, **options: Any) -> Enriched:
    def connect(asked: TmdbSettings, key: TmdbKey, limits: LimitSettings) -> TmdbClient:
        return TmdbClient(asked, key, limits, transport=httpx.MockTransport(fake))

    return enrich(settings, RUN, now=START + timedelta(days=days), connect=connect, **options)


def statuses(settings: Settings) -> dict[int, str]:
    ledger = EnrichmentLedger(settings.folder, START - timedelta(days=180))
    return {film.asked_id: film.status for film in ledger.known().values()}


def files(settings: Settings) -> dict[str, bytes]:
    root = settings.folder.root
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != ".lock"}


def movies(settings: Settings) -> dict[int, dict[str, Any]]:
    build(settings, RUN)
    return {row["movie_id"]: row for row in pq.read_table(settings.folder.dataset("movies")).to_pylist()}


def test_the_first_run_asks_each_film_once(settings: Settings, tmdb: FakeTmdb) -> None:
    result = run(settings, tmdb, popular=3)
    assert tmdb.asked == {862: 1, 348: 1, 300: 1, 330: 1, 400: 1, 900: 1, 999: 1}
    assert (result.found, result.remapped, result.missing, result.failed, result.kept) == (3, 1, 2, 0, 0)
    assert (result.films, result.covered, result.popular, result.left_over) == (4, 3, 1, 0)
    assert result.requests == len(tmdb.requests) == 1 + 1 + 7 + 2  # the key, the list, the films, two look-ups
    assert statuses(settings) == {
        862: "found", 348: "found", 300: "remapped", 330: "found", 400: "missing", 900: "found", 999: "missing",
    }  # fmt: skip
    assert result.warning is None
    assert not result.skipped
    assert result.note == (
        "facts of 3 of 4 films (75.0%) and 1 popular ones; asked now: 3 found, 2 missing, 1 remapped; "
        "0 known from before"
    )


def test_the_catalogue_has_tmdbs_facts_then_movielens_own(settings: Settings, tmdb: FakeTmdb) -> None:
    run(settings, tmdb, popular=3)
    found = movies(settings)
    assert sorted(found) == [300, 348, 400, 862, 900]
    toy = found[862]
    assert (toy["title"], toy["genres"], toy["cast_names"]) == (
        "Toy Story",
        ["Animation", "Family"],
        ["First", "Second"],
    )
    assert (toy["directors"], toy["keywords"], toy["runtime"]) == (["Director"], ["toy"], 81)
    assert (toy["movielens_id"], toy["enriched_at"]) == (1, START)
    alien = found[348]
    assert (alien["genres"], alien["overview"], alien["year"]) == (["Horror", "Science Fiction"], None, 1979)
    moved = found[300]
    assert (moved["title"], moved["tagline"], moved["movielens_id"]) == ("The Moved", "Elsewhere", 3)
    gone = found[400]
    assert (gone["title"], gone["year"], gone["genres"]) == ("Gone", 2002, ["Drama", "Music"])
    assert (gone["overview"], gone["enriched_at"]) == (None, None)
    cold = found[900]
    assert (cold["title"], cold["year"], cold["movielens_id"], cold["popularity"]) == ("Brand New", 2026, None, 900.0)


def test_a_popular_film_under_its_new_id_is_not_listed_twice(settings: Settings, tmdb: FakeTmdb) -> None:
    tmdb.popular = [330, 900]
    run(settings, tmdb, popular=2)
    assert sorted(movies(settings)) == [300, 348, 400, 862, 900]


@pytest.mark.slow
def test_a_second_run_asks_only_for_what_changed(settings: Settings, tmdb: FakeTmdb) -> None:
    run(settings, tmdb, popular=3)
    tmdb.forget()
    tmdb.changed = [348, 12345, 400]  # 400 is missing: it has no facts that could be stale
    result = run(settings, tmdb, days=1, popular=3)
    assert tmdb.asked == {348: 1}
    assert [r.url.params["start_date"] for r in tmdb.paths("/movie/changes")] == ["2026-11-21"]
    assert [r.url.params["end_date"] for r in tmdb.paths("/movie/changes")] == ["2026-11-22"]
    assert (result.found, result.kept, result.requests) == (1, 5, 4)
    tmdb.forget()
    tmdb.changed = []
    run(settings, tmdb, days=40, popular=0)
    spans = [(r.url.params["start_date"], r.url.params["end_date"]) for r in tmdb.paths("/movie/changes")]
    assert spans == [("2026-11-22", "2026-12-06"), ("2026-12-06", "2026-12-20"), ("2026-12-20", "2026-12-31")]
    assert tmdb.asked == {400: 1}  # after 30 days TMDB may have it; 999 is not wanted any more


@pytest.mark.slow
def test_after_150_days_everything_is_fetched_anew(settings: Settings, tmdb: FakeTmdb) -> None:
    run(settings, tmdb, popular=3)
    tmdb.forget()
    tmdb.films[862]["overview"] = "New words."
    result = run(settings, tmdb, days=151, popular=3)
    assert tmdb.asked == {862: 1, 348: 1, 300: 1, 330: 1, 400: 1, 900: 1, 999: 1}
    assert tmdb.paths("/movie/changes") == []  # nothing that it could tell is kept
    assert result.kept == 0
    found = movies(settings)[862]
    assert (found["overview"], found["enriched_at"]) == ("New words.", START + timedelta(days=151))


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
def test_without_a_key_the_run_goes_on_with_what_there_is(settings: Settings, tmdb: FakeTmdb) -> None:
    keyless = settings.model_copy(update={"tmdb_api_key": None})
    result = run(keyless, tmdb)
    assert result.skipped
    assert "TMDB_READ_TOKEN" in result.note
    assert result.note.endswith("no cast, no keywords, no posters, no new films")
    assert "\n" not in result.note
    assert tmdb.requests == []
    found = movies(settings)
    assert (found[862]["title"], found[862]["year"], found[862]["genres"]) == (
        "Toy Story",
        1995,
        ["Animation", "Family"],
    )
    run(settings, tmdb, popular=3)
    later = run(keyless, tmdb, days=1, popular=3)
    assert later.note.endswith("facts of 3 of 4 films are known from earlier runs")
    assert movies(settings)[862]["overview"] == "What happens in Toy Story."
    assert 900 in movies(settings)
    assert run(settings, tmdb, days=2, wanted=False).note.startswith("left out by --no-enrich: facts of 3 of 4")


def test_the_sample_asks_nothing_and_borrows_nothing(settings: Settings, tmdb: FakeTmdb) -> None:
    run(settings, tmdb, popular=3)
    tmdb.forget()
    ingest(settings, RUN, dataset="sample")
    result = run(settings, tmdb, days=1)
    assert (result.skipped, result.note, result.coverage) == (True, "the films bring their own facts", ())
    assert tmdb.requests == []
    assert pq.read_table(settings.folder.dataset("movies_enriched")).num_rows == 0


def test_nothing_ingested_is_told(tmp_path: Path, tmdb: FakeTmdb) -> None:
    with pytest.raises(EmptyLakeError, match="playbill ingest"):
        run(Settings(data_dir=tmp_path / "empty"), tmdb)


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


def test_coverage_is_recorded_plain_and_weighted_by_ratings(settings: Settings, tmdb: FakeTmdb) -> None:
    result = run(settings, tmdb, popular=3)
    by_field = {row.field: row for row in result.coverage}
    assert (by_field["title"].films, by_field["title"].known) == (4, 3)
    assert by_field["title"].share == pytest.approx(3 / 4)
    assert by_field["title"].weighted_share == pytest.approx(4 / 5)  # five ratings name films with an id, one Gone
    assert by_field["overview"].weighted_share == pytest.approx(3 / 5)  # Alien has none
    assert by_field["tagline"].known == 1
    recorded = ledgers.read(settings.folder, "enrichment_coverage")
    assert {row["field"]: row["known"] for row in recorded} == {row.field: row.known for row in result.coverage}
    events = [(row["event"], row["requests"]) for row in ledgers.read(settings.folder, "enrichment_runs")]
    assert events == [("done", result.requests), ("started", 0)]


def test_progress_is_reported_up_to_the_end(settings: Settings, tmdb: FakeTmdb) -> None:
    seen: list[tuple[str, float, float | None]] = []

    class Reporter:
        def stage(self, name: str, number: int, of: int) -> None:
            pass

        def update(self, what: str, done: float, total: float | None) -> None:
            seen.append((what, done, total))

    with reporting(Reporter()):
        run(settings, tmdb, popular=0)
    assert seen == [("enrich", n, 4) for n in (1, 2, 3, 4)]
