"""The enrichment job from CSV files to the catalogue, against a TMDB of the tests' own, the clock in hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.jobs.ingest import ingest
from pipelines.progress import reporting
from pipelines.settings import Settings
from tests.pipelines.jobs.enriching import RUN, START, movies, run, settings, statuses, tmdb
from tests.tmdb_fake import FakeTmdb
from warehouse import ledgers
from warehouse.errors import EmptyLakeError

__all__ = ["settings", "tmdb"]

pytestmark = pytest.mark.usefixtures("virtual_time")


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
