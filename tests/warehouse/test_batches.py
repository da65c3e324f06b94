"""Landed batches carry checksums: a damaged one is landed anew where its source is at hand, else named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.conftest import SetMaker
from tests.warehouse.conftest import Playbill
from warehouse.sums import damaged


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["ratings.parquet", "films.parquet", "batch.json", "SHA256SUMS"])
def test_a_damaged_set_is_refused_by_the_build_and_landed_anew_by_ingest(
    playbill: Playbill, run_settings: Settings, make_set: SetMaker, name: str
) -> None:
    path = str(make_set())
    assert playbill("ingest", "--movielens", path)[0] == 0
    (home,) = (item for item in run_settings.folder.batches("movielens").iterdir())
    flip(home / name)
    code, text = playbill("build")
    assert code == 1
    assert f"batch {home} is damaged" in text
    assert "run `playbill ingest` with ml-latest-small again" in text
    assert playbill("ingest", "--movielens", path)[0] == 0
    assert damaged(home) == []
    assert playbill("build")[0] == 0


def test_a_damaged_batch_of_events_is_taken_out_of_the_archive_again(
    playbill: Playbill, run_settings: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_settings.folder
    monkeypatch.setenv("PLAYBILL_EVENTS__SETTLE_SECONDS", "0")
    folder.inbox.mkdir(parents=True)
    line = {"user_id": "u1", "event": "like", "tmdb_id": 501, "timestamp": "2026-11-01T10:00:00Z"}
    (folder.inbox / "log.jsonl").write_text(json.dumps(line) + "\n")
    assert playbill("ingest", "--movielens", str(make_set()))[0] == 0
    (home,) = folder.batches("events").iterdir()
    flip(home / "signals.parquet")
    code, text = playbill("build")
    assert (code, "run `playbill ingest --only-app`" in text) == (1, True)
    assert playbill("ingest", "--only-app")[0] == 0
    (again,) = folder.batches("events").iterdir()
    assert damaged(again) == []
    assert playbill("build")[0] == 0


def test_the_ledger_of_ids_is_mended_from_the_build(
    playbill: Playbill, run_settings: Settings, make_set: SetMaker
) -> None:
    playbill("ingest", "--movielens", str(make_set()))
    playbill("build")
    path = run_settings.folder.dataset("tmdb_mapping")
    whole = path.read_bytes()
    flip(path)
    assert playbill("build")[0] == 0
    assert path.read_bytes() == whole


def test_the_data_set_is_not_guessed_when_the_newest_ingest_is_damaged(
    playbill: Playbill, run_settings: Settings, make_set: SetMaker
) -> None:
    playbill("ingest", "--dataset", "sample")
    playbill("ingest", "--movielens", str(make_set()))
    sorted((run_settings.folder.ledgers / "ingest").iterdir())[-1].write_bytes(b"")
    code, text = playbill("build")
    assert code == 1
    assert "run `playbill ingest` with the data set that is meant" in text
