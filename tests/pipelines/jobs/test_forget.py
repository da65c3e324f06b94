"""Forgetting a person: afterwards no file of the lake, the warehouse or the quarantine knows them."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.jobs.build import build
from pipelines.jobs.forget import Forgotten, forget
from pipelines.jobs.ingest import ingest
from pipelines.jobs.ingest_events import ingest_events
from pipelines.jobs.ingest_supabase import ingest_supabase
from pipelines.people.reader import read_people
from pipelines.people.suppression import suppress, suppressed
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import QualitySettings
from tests.conftest import SetMaker
from tests.pipelines.jobs.test_build_sources import ANN, BEN, log, rated
from tests.pipelines.sources.supabase.postgrest import Table
from warehouse.db import connect
from warehouse.errors import ConfigError, UnknownUserError


@pytest.fixture
def filled(app: Settings) -> Settings:
    """Two people in the app's table and in logs, plain, zipped and bad, all built."""
    rows = [rated(1, ANN, 501, 3.0, 5), rated(2, BEN, 502, 4.0, 5)]
    ingest_supabase(app, new_run_id(), transport=Table(rows).transport)
    log(app, (ANN, "movie_id", 503, "like", 5), (BEN, "movie_id", 503, "like", 5), ("x7", "movie_id", 504, "view", 5))
    bad = f'{{"user_id": "{ANN.upper()}"}}\n{{"user_id": "{BEN}"}}\n'.encode()
    (app.folder.inbox / "b.jsonl.gz").write_bytes(gzip.compress(bad))
    ingest_events(app.model_copy(update={"quality": QualitySettings(max_bad_share=1.0)}), new_run_id())
    build(app, new_run_id())
    return app


def forget_one(settings: Settings, user_id: str) -> Forgotten:
    return forget(settings, new_run_id(), user_id)


def unpacked(content: bytes) -> bytes:
    """Return what a gzip holds, also where only its checksum is wrong; what is none as it is."""
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except gzip.BadGzipFile:
        return zlib.decompressobj(wbits=-15).decompress(content[10:])


def files_that_name(settings: Settings, word: str) -> list[str]:
    """Return the files of the data folder in which a word stands, however they are packed."""
    found = []
    for path in sorted(settings.folder.root.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = unpacked(content)
        if path.suffix == ".parquet":
            content = str(pq.read_table(path).to_pylist()).encode()
        if word.lower().encode() in content.lower():
            found.append(str(path.relative_to(settings.folder.root)))
    return found


def test_nothing_names_them_any_more(filled: Settings) -> None:
    # two batches, two archived logs, the quarantine, the interactions, the warehouse
    assert len(files_that_name(filled, ANN)) == 7
    done = forget_one(filled, ANN)
    assert files_that_name(filled, ANN) == []
    taken_out = {one.store: one.rows for one in done.looked if one.rows}
    assert taken_out.pop("warehouse") > 1
    assert taken_out == {
        "landed supabase": 1, "landed events": 1, "archived logs": 2, "quarantined lines of logs": 1, "interactions": 2,
    }  # fmt: skip
    assert done.suppressed
    with connect(filled.folder.warehouse_file, read_only=True) as con:
        for table in ("fct_interactions", "mart_user_profiles", "int_event_signals"):
            assert con.execute(f"SELECT count(*) FROM {table} WHERE user_id = ?", [ANN]).fetchall() == [(0,)]
    people = read_people(filled.folder).user_ids
    assert ANN not in people
    assert {BEN, "ev_x7"} <= set(people)
    assert len(files_that_name(filled, BEN)) == 7


def test_they_do_not_come_back(filled: Settings) -> None:
    forget_one(filled, ANN)
    log(filled, (ANN, "movie_id", 505, "like", 6))
    assert ingest_events(filled, new_run_id()).forgotten == 1
    rows = [rated(1, ANN, 501, 3.0, 5), rated(2, BEN, 502, 4.0, 5)]
    ingest_supabase(filled, new_run_id(), full=True, transport=Table(rows).transport)
    build(filled, new_run_id())
    assert files_that_name(filled, ANN) == []
    assert ANN not in read_people(filled.folder).user_ids


def test_a_person_of_a_movielens_set(filled: Settings, make_set: SetMaker) -> None:
    forget_one(filled, "ml_3")
    batch = next(filled.folder.batches("movielens").iterdir())
    assert 3 not in pq.read_table(batch / "ratings.parquet")["user_id"].to_pylist()
    assert 3 not in pq.read_table(batch / "tags.parquet")["user_id"].to_pylist()
    assert pq.read_metadata(batch / "ratings.parquet").num_rows == 960 - 16
    # even when the set lands anew, as after a change of the parser
    batch.rename(batch.with_name("elsewhere"))
    ingest(filled, new_run_id(), movielens=make_set())
    build(filled, new_run_id())
    assert "ml_3" not in read_people(filled.folder).user_ids
    assert "ml_30" in read_people(filled.folder).user_ids


def test_a_quarantined_line_of_a_set_goes_too(settings: Settings, make_set: SetMaker) -> None:
    lines = ["userId,movieId,rating,timestamp", *(f"{user},1,4,10" for user in range(1, 400)), "7,1,9,10", "77,1,9,10"]
    ingest(settings, new_run_id(), movielens=make_set(ratings_csv="\n".join(lines) + "\n"))
    (aside,) = settings.folder.quarantine.rglob("*.csv")
    forget_one(settings, "ml_7")
    assert '"7,1,9,10"' not in aside.read_text()
    assert '"77,1,9,10"' in aside.read_text()


def test_forgetting_is_no_drop_of_rows(filled: Settings) -> None:
    for user in (ANN, BEN, "ev_x7"):
        forget_one(filled, user)
    build(filled, new_run_id())


def test_serving_is_told_by_a_hash(filled: Settings) -> None:
    forget_one(filled, ANN)
    lines = (filled.folder.releases / "SUPPRESSED").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [hashlib.sha256(ANN.encode()).hexdigest()]


def test_again_and_somebody_unknown(filled: Settings) -> None:
    forget_one(filled, ANN)
    again = forget_one(filled, ANN.upper())
    assert (again.rows, again.suppressed) == (0, False)
    before = suppressed(filled.folder)
    with pytest.raises(UnknownUserError, match=r"nobody is called 'ml_12345'.*ids look like ml_1"):
        forget_one(filled, "ml_12345")
    with pytest.raises(UnknownUserError, match=r"nobody is called 'x7'.*did you mean ev_x7\?"):
        forget_one(filled, "x7")
    assert suppressed(filled.folder) == before


def test_a_dry_run_says_the_same_and_does_nothing(filled: Settings) -> None:
    def contents() -> dict[Path, bytes]:
        files = [path for path in filled.folder.root.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in files}

    before = contents()
    dry = forget(filled, new_run_id(), ANN, dry_run=True)
    assert contents() == before
    assert dry.looked == forget_one(filled, ANN).looked


def test_an_empty_data_folder(settings: Settings) -> None:
    with pytest.raises(UnknownUserError):
        forget_one(settings, ANN)
    assert not suppressed(settings.folder)


@pytest.mark.parametrize("user", ["", "  ", "a\nb"])
def test_an_id_that_is_none(user: str, settings: Settings) -> None:
    with pytest.raises(ConfigError):
        forget_one(settings, user)


def test_the_list_of_hashes(settings: Settings, tmp_path: Path) -> None:
    assert suppressed(settings.folder) == frozenset()
    assert [suppress(settings.folder, user) for user in ("a", "b", "a")] == [True, True, False]
    assert suppressed(settings.folder) == {hashlib.sha256(user).hexdigest() for user in (b"a", b"b")}
