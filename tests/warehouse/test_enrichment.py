"""The enrichment ledger: the newest part has the last word, failures cost no facts, old facts are forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse import ledgers
from warehouse.contracts.ledgers import ENRICHMENT
from warehouse.enrichment import EnrichmentLedger, KnownFilm, last_popular, set_aside
from warehouse.enrichment_films import WantedFilm, covered_films, wanted_films
from warehouse.folder import DataFolder
from warehouse.sums import rewriting

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=150)
RUN = "20261121T030000Z-abcdef"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.fixture
def ledger(folder: DataFolder) -> EnrichmentLedger:
    return EnrichmentLedger(folder, NOW - timedelta(days=180))


def row(asked_id: int, status: str = "found", **values: Any) -> dict[str, Any]:
    has_facts = status == "found"
    return {
        **dict.fromkeys(column.name for column in ENRICHMENT.columns),
        "recorded_at": NOW,
        "run_id": RUN,
        "asked_id": asked_id,
        "status": status,
        "movie_id": asked_id if has_facts else None,
        "fetched_at": NOW if has_facts else None,
        "title": f"Film {asked_id}" if has_facts else None,
        "attempts": 0,
        "next_try": LATER,
        "problems": [],
        **values,
    }


def dataset(folder: DataFolder) -> dict[int, dict[str, Any]]:
    rows = pq.read_table(folder.dataset("movies_enriched")).to_pylist()
    return {row["movie_id"]: row for row in rows}


def test_nothing_is_known_before_the_first_run(folder: DataFolder, ledger: EnrichmentLedger) -> None:
    assert ledger.known() == {}
    ledger.append([])
    ledger.compact()
    assert ledger.parts == []
    assert not (folder.ledgers / "enrichment").exists()
    assert ledger.write_dataset([1], [2]) == 0
    assert dataset(folder) == {}


def test_the_newest_part_has_the_last_word(ledger: EnrichmentLedger) -> None:
    ledger.append([row(1, "missing"), row(2)])
    ledger.append([row(1), row(3, "remapped", movie_id=4, fetched_at=NOW)])
    known = ledger.known()
    assert known[1] == KnownFilm(1, "found", 1, 0, NOW, LATER)
    assert (known[2].status, known[3].status, known[3].movie_id) == ("found", "remapped", 4)
    assert [path.name[:9] for path in ledger.parts] == ["000000001", "000000002"]


@pytest.mark.parametrize("compacted", [False, True])
def test_a_failure_and_an_announced_change_leave_the_facts(
    folder: DataFolder, ledger: EnrichmentLedger, compacted: bool
) -> None:
    before = NOW - timedelta(days=150)
    ledger.append([row(1, fetched_at=before), row(2, fetched_at=before), row(3, fetched_at=before)])
    ledger.append([row(1, "failed", attempts=1, reason="500"), row(3, "missing")])
    ledger.announce_changes([2], RUN, NOW)
    if compacted:
        ledger.compact()
        ledger.append([row(1, "failed", attempts=2, reason="500")])
        ledger.compact()
        assert len(ledger.parts) == 1
    known = ledger.known()
    assert known[1] == KnownFilm(1, "failed", 1, 1 + compacted, before, LATER)
    assert known[2] == KnownFilm(2, "changed", 2, 0, before, NOW)
    assert known[3] == KnownFilm(3, "missing", None, 0, None, LATER)
    assert ledger.write_dataset([1, 2, 3], []) == 2
    assert {movie_id: facts["title"] for movie_id, facts in dataset(folder).items()} == {1: "Film 1", 2: "Film 2"}


def test_facts_older_than_allowed_are_forgotten_everywhere(folder: DataFolder, ledger: EnrichmentLedger) -> None:
    limit = NOW - timedelta(days=180)
    ledger.append([row(1, fetched_at=limit), row(2, fetched_at=limit + timedelta(seconds=1)), row(3, "missing")])
    ledger.append([row(1, "failed", attempts=1)])
    assert sorted(ledger.known()) == [2, 3]
    assert ledger.write_dataset([1, 2, 3], [1]) == 1
    ledger.compact()
    assert pq.read_table(ledger.parts[0])["asked_id"].to_pylist() == [2, 3]


def test_a_crash_while_compacting_changes_nothing(ledger: EnrichmentLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.append([row(1, "missing"), row(2)])
    ledger.append([row(1)])
    before = ledger.known()

    def crash(self: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            ledger.compact()
    assert len(ledger.parts) >= 2
    assert ledger.known() == before
    ledger.compact()
    assert len(ledger.parts) == 1
    assert ledger.known() == before


def test_a_killed_writers_half_part_is_cleared(folder: DataFolder, ledger: EnrichmentLedger) -> None:
    ledger.append([row(1)])
    (folder.ledgers / "enrichment" / ".000000002.parquet.1.tmp").write_bytes(b"PAR1half")
    again = EnrichmentLedger(folder, NOW - timedelta(days=180))
    assert list(again.known()) == [1]
    assert [path.name[:9] for path in (folder.ledgers / "enrichment").iterdir()] == ["000000001"]


def test_the_dataset_holds_wanted_popular_and_renumbered_films_only(
    folder: DataFolder, ledger: EnrichmentLedger
) -> None:
    films = [row(1), row(2), row(4), row(5), row(6), row(7, "missing")]
    ledger.append([*films, row(3, "remapped", movie_id=4, fetched_at=NOW), row(8, "remapped", movie_id=6)])
    assert ledger.write_dataset([1, 3, 7], [5, 1, 7]) == 3
    found = dataset(folder)
    assert {i: (f["popular_rank"], f["former_ids"]) for i, f in found.items()} == {
        1: (2, []),
        4: (None, [3]),
        5: (1, []),
    }
    assert last_popular(folder) == [5, 1]


def test_the_ledger_reads_as_any_other(folder: DataFolder, ledger: EnrichmentLedger) -> None:
    ledger.append([row(1), row(2, "missing")])
    assert [(r["asked_id"], r["status"]) for r in ledgers.read(folder, "enrichment")] == [(1, "found"), (2, "missing")]


def test_values_set_aside_are_a_file_of_the_run(folder: DataFolder) -> None:
    set_aside(folder, RUN, [])
    assert not folder.quarantine.exists()
    set_aside(folder, RUN, [{"movie_id": 1, "field": "runtime", "reason": "no number", "text": 'a, "b"'}])
    text = (folder.quarantine / f"tmdb-{RUN}.csv").read_text(encoding="utf-8")
    assert text.splitlines() == ['"movie_id","field","reason","text"', '1,"runtime","no number","a, ""b"""']


def batch(folder: DataFolder, source: str = "movielens") -> Path:
    """Land five films: 10 and 11 are one TMDB film, 12 has no id, 13 nobody rated, 14 is mapped by hand."""
    home = folder.batches(source) / "b1"
    home.mkdir(parents=True)
    films = {"movielens_id": [10, 11, 12, 13, 14], "title": ["A"] * 5, "year": [2000] * 5, "genres": [["x"]] * 5}
    links = {
        "movielens_id": [10, 11, 12, 13, 14],
        "imdb_number": [7, None, 12, 114709, 14],
        "tmdb_id": [100, 100, None, 130, 140],
    }
    rated = {
        "user_id": [1, 2, 1, 1, 2],
        "movielens_id": [10, 10, 11, 14, 12],
        "rating": [4.0] * 5,
        "timestamp": [1] * 5,
    }
    for name, table in (("films", films), ("links", links), ("ratings", rated)):
        pq.write_table(pa.table(table), home / f"{name}.parquet")
    return home


def test_wanted_films_are_those_of_the_set_the_most_rated_first(folder: DataFolder) -> None:
    assert wanted_films(folder, batch(folder), "movielens") == [
        WantedFilm(100, "tt0000007", 3),
        WantedFilm(140, "tt0000014", 1),
        WantedFilm(130, "tt0114709", 0),
    ]


def test_the_mapping_and_apps_ratings_have_their_say(folder: DataFolder) -> None:
    home = batch(folder)
    mapping = {
        "id_space": ["movielens", "movielens", "ml-100k"],
        "movielens_id": pa.array([14, 99, 10], pa.int32()),
        "movie_id": pa.array([149, 990, 555], pa.int32()),
        "imdb_id": ["tt0000149", "tt0000099", None],
        "method": ["hand", "links", "title"],
        "matched_at": [NOW] * 3,
    }
    with rewriting(folder.dataset("tmdb_mapping")) as target:
        pq.write_table(pa.table(mapping), target)
    for batch_id, films, deleted in (("b1", [777, 130, 888], [False] * 3), ("b2", [888], [True])):
        rows = {
            "user_id": ["u"] * len(films),
            "movie_id": pa.array(films, pa.int32()),
            "rating": pa.array([4.0] * len(films), pa.float32()),
            "rated_at": [NOW] * len(films),
            "row_id": ["x"] * len(films),
            "deleted": deleted,
            "batch_id": [batch_id] * len(films),
        }
        (folder.batches("supabase") / batch_id).mkdir(parents=True)
        pq.write_table(pa.table(rows), folder.batches("supabase") / batch_id / "ratings.parquet")
    events = {
        "user_id": ["u", "u", "v", "v"],
        "tmdb_id": pa.array([777, 777, 777, None], pa.int32()),
        "movielens_id": pa.array([None, None, None, 10], pa.int32()),
        "imdb_id": pa.array([None] * 4, pa.string()),
        "event": ["view", "finish", "like", "like"],
        "happened_at": [NOW] * 4,
        "value": pa.array([None] * 4, pa.float32()),
        "line": [1, 2, 3, 4],
        "batch_id": ["e1"] * 4,
    }
    (folder.batches("events") / "e1").mkdir(parents=True)
    pq.write_table(pa.table(events), folder.batches("events") / "e1" / "signals.parquet")
    assert wanted_films(folder, home, "movielens") == [
        WantedFilm(100, "tt0000007", 3),
        WantedFilm(777, None, 2),
        WantedFilm(130, "tt0114709", 1),
        WantedFilm(149, "tt0000149", 1),
    ]


def test_the_sample_needs_nothing(folder: DataFolder) -> None:
    assert wanted_films(folder, batch(folder, "sample"), "movielens") == []


def test_what_is_known_of_covered_films(folder: DataFolder, ledger: EnrichmentLedger) -> None:
    ledger.append([row(1, genres=["Drama"], overview=None), row(2, genres=[], overview="x", title=None)])
    ledger.write_dataset([1, 2], [])
    assert covered_films(folder, ("title", "overview", "genres")) == [
        {"movie_id": 1, "former_ids": [], "title": True, "overview": False, "genres": True},
        {"movie_id": 2, "former_ids": [], "title": False, "overview": True, "genres": False},
    ]
