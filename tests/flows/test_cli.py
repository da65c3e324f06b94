"""The command line as a person meets it: what it prints, its one-line errors and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.jobs.train import train
from pipelines.progress import reporting
from pipelines.settings import Settings
from tests.conftest import SetMaker
from tests.flows.conftest import Invoke
from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.store import ReleaseStore


def test_before_anything_is_published(invoke: Invoke) -> None:
    code, text = invoke("recommend", "ml_1")
    assert code == 1
    assert "holds no release yet; run `playbill run` first" in text
    assert text.count("\n") == 1


def test_a_list_with_titles_and_reasons(invoke: Invoke, published: list[str]) -> None:
    code, text = invoke("recommend", "ml_2", "-k", "3")
    assert code == 0
    assert "who rated 16 films" in text
    assert text.count("The Film") >= 3
    code, text = invoke("recommend", "ml_2", "-k", "3", "--json")
    films = json.loads(text)["recommendations"]
    assert [film["rank"] for film in films] == [1, 2, 3]
    assert all(film["because"] for film in films)


def test_somebody_unknown(invoke: Invoke, published: list[str]) -> None:
    code, text = invoke("recommend", "nobody")
    assert code == 1
    assert "holds no list for 'nobody'" in text


def test_somebody_forgotten_is_somebody_unknown(invoke: Invoke, published: list[str]) -> None:
    assert invoke("recommend", "1")[0] == 0  # a bare number is MovieLens's, here as in the API
    unknown = invoke("recommend", "nobody")[1]
    assert invoke("forget", "ml_1", "--yes")[0] == 0
    for words in (("ml_1",), ("ml_1", "--json"), ("1",), ("ml_1", "--release", published[0])):
        code, text = invoke("recommend", *words)
        assert code == 1
        assert text.replace("'ml_1'", "'nobody'", 1) == unknown.replace("for example ml_1", "for example ml_10")


def test_a_release_before_of_an_older_schema(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    path = run_settings.folder.releases / published[0] / "manifest.json"
    path.write_text(path.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 1'))
    assert invoke("recommend", "ml_2")[0] == 0
    code, text = invoke("sql", "select release_id from prev.release", "--format", "csv")
    assert (code, text.split()[1]) == (0, published[0])
    (path.parent / "release.duckdb").write_bytes(b"no database")
    assert invoke("recommend", "ml_2")[0] == 0
    code, text = invoke("sql", "select release_id from release", "--format", "csv")
    assert (code, text.split()[-1]) == (0, published[1])


def test_releases_and_the_way_back(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    first, second = published
    code, text = invoke("releases", "--verify")
    assert code == 0
    assert text.index(second) < text.index(first)
    assert text.count("as published") == 2
    code, text = invoke("rollback")
    assert (code, ReleaseStore(run_settings.folder).current_id()) == (0, first)
    assert f"Serving {first} (was {second})" in text
    assert invoke("rollback", second)[0] == 0
    assert ReleaseStore(run_settings.folder).current_id() == second
    assert ReleaseStore(run_settings.folder).pins.read() == {}  # the newest one: there is nothing to hold back
    code, text = invoke("rollback", "20200101T000000Z-000000")
    assert code == 1
    assert "no release is called" in text


def test_a_rollback_outlives_the_next_publish(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    store, (first, _) = ReleaseStore(run_settings.folder), published
    assert invoke("rollback")[0] == 0
    code, text = invoke("publish")
    assert code == 0
    assert "is pinned" in text
    assert (store.current_id(), len(store.ids())) == (first, 3)
    assert "promotion" in invoke("releases")[1]
    assert invoke("unpin")[0] == 0
    code, text = invoke("unpin")
    assert (code, "is not pinned; no release is" in text) == (1, True)
    assert invoke("pin", first)[0] == 0
    assert store.pins.read() == {first: "unpin"}
    assert invoke("unpin", first)[0] == 0
    assert invoke("rollback", store.ids()[0])[0] == 0


def test_publishing_what_has_changed(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    code, text = invoke("publish", "--changed")
    assert code == 0
    assert "60 lists, ranked by covisitation" in text
    current = ReleaseStore(run_settings.folder).current()
    assert current.release_id not in published
    assert current.manifest["changed_people"] == 0
    assert "0 have another list" in invoke("diff")[1]


def test_two_releases_side_by_side(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    code, text = invoke("diff")
    assert code == 0
    assert f"{published[0]} → {published[1]}" in text
    assert "60 in both, 0 added, 0 removed; 0 rated otherwise, 0 have another list" in text
    assert "100.0% at 10, 100.0% whole in common" in text
    code, text = invoke("diff", published[0], published[1], "--json")
    found = json.loads(text)
    assert (code, found["people"]["both"], found["overlap"]["whole"], found["entered"]) == (0, 60, 1.0, [])
    assert invoke("diff", "20200101T000000Z-000000")[0] == 1


def test_sql(invoke: Invoke, published: list[str]) -> None:
    code, text = invoke("sql", "select count(*) as n from recommendations where rank = 1", "--format", "json")
    assert (code, json.loads(text)) == (0, [{"n": 60}])
    code, text = invoke("sql", "select count(*) from lake.releases_log", "--format", "csv")
    assert (code, text.split()) == (0, ["count_star()", "2"])
    code, text = invoke("sql", "select release_id from prev.release", "--format", "csv")
    assert (code, text.split()[1]) == (0, published[0])
    code, text = invoke("sql", "drop table movies")
    assert code == 2
    assert "read-only" in text
    code, text = invoke("sql", "selec 1")
    assert code == 2
    assert "syntax error" in text


def test_a_bad_file_is_one_line_and_the_last_release_stays(
    invoke: Invoke, published: list[str], tmp_path: Path, run_settings: Settings
) -> None:
    path = tmp_path / "page.zip"
    path.write_text("not a zip")
    code, text = invoke("ingest", "--movielens", str(path))
    assert code == 1
    assert "page.zip is not a whole zip file" in text
    assert "Traceback" not in text
    assert ReleaseStore(run_settings.folder).current_id() == published[1]


def test_the_stages_one_by_one(invoke: Invoke, make_set: SetMaker, run_settings: Settings) -> None:
    assert "960 ratings" in invoke("ingest", "--movielens", str(make_set()))[1]
    assert run_settings.folder.inbox.is_dir()
    assert "ok" in invoke("build")[1]
    assert "covisitation:" in invoke("train", "covisitation", "--set", "window=5", "--seed", "1")[1]
    code, text = invoke("train", "--set", "window=5")
    assert code == 2
    assert "exactly one model" in text
    code, text = invoke("train", "covisitation", "--set", "windows=5")
    assert code == 2
    assert "its parameters are" in text
    assert not ReleaseStore(run_settings.folder).ids()


def test_evaluate_as_json_and_as_a_table(invoke: Invoke, make_set: SetMaker) -> None:
    words = ("evaluate", "--movielens", str(make_set()), "--model", "popularity", "--model", "covisitation")
    code, text = invoke(*words, "--protocol", "next", "--json")
    found = json.loads(text)
    assert (code, found["protocol"], found["dataset"], found["k"]) == (0, "next", "ml-latest-small", 10)
    ours, baseline = found["models"]["covisitation"], found["models"]["popularity"]
    assert baseline["ndcg@10"] < ours["ndcg@10_low"] < ours["ndcg@10"] < ours["ndcg@10_high"]
    code, text = invoke(*words)
    assert code == 0
    assert "popularity" in text
    code, text = invoke(*words, "--protocol", "lucky")
    assert code == 2
    assert "stratified" in text


def test_run_and_evaluate_have_the_same_figures(invoke: Invoke, make_set: SetMaker) -> None:
    zipped = str(make_set())
    assert invoke("run", "--movielens", zipped, "--no-enrich", "--train", "all")[0] == 0
    ours = "protocol = 'next' AND metric = 'ndcg' AND k = 10 AND segment = 'all'"
    query = f"SELECT model, value FROM model_metrics WHERE {ours}"
    recorded = {row["model"]: row["value"] for row in json.loads(invoke("sql", query, "--format", "json")[1])}
    assert set(recorded) == {"popularity", "covisitation"}
    chosen = ("evaluate", "--movielens", zipped, "--links", zipped, "--model", "covisitation", "--model", "popularity")
    code, text = invoke(*chosen, "--protocol", "next", "--json")
    assert code == 0
    models = json.JSONDecoder().raw_decode(text)[0]["models"]  # the log of standard error follows
    again = {name: figures["ndcg@10"] for name, figures in models.items()}
    assert again == pytest.approx(recorded, abs=1e-6)  # DuckDB keeps them as FLOAT
    # in the set's own film ids, of which --help says that they are others, ties may fall otherwise
    assert "measured in its own film ids" in invoke("evaluate", "--help")[1]


def test_the_doctor(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    code, text = invoke("doctor")
    assert code == 0
    assert "every file as published" in text
    victim = run_settings.folder.releases / published[1] / "manifest.json"
    victim.write_text("{}")
    code, text = invoke("doctor")
    assert code == 1
    assert "problem" in text


def test_quiet_shows_the_result_alone(invoke: Invoke, make_set: SetMaker) -> None:
    code, text = invoke("ingest", "--movielens", str(make_set()), "--quiet")
    assert code == 0
    assert [line for line in text.splitlines() if "INFO" in line] == []
    assert "960 ratings" in text


def test_releases_and_doctor_as_json(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    code, text = invoke("releases", "--json")
    rows = json.loads(text)
    assert code == 0
    assert [(row["release_id"], row["current"]) for row in rows] == [(published[1], True), (published[0], False)]
    assert rows[0]["users"] == 60
    code, text = invoke("doctor", "--json")
    found = {row["about"]: row for row in json.loads(text)}
    assert code == 0
    assert found["release"]["state"] == "ok"
    assert "covisitation" in found["champion"]["found"]
    assert found["quarantine"]["found"] == "empty"


def test_a_bare_run_takes_what_is_there_and_never_another_in_silence(
    invoke: Invoke, published: list[str], make_set: SetMaker, run_settings: Settings
) -> None:
    store = ReleaseStore(run_settings.folder)
    code, text = invoke("ingest", "--dataset", "sample")
    assert code == 2
    assert f"release {published[1]} serves lists of ml-latest-small; add --replace" in text
    make_set().unlink()  # the landed batch is enough
    code, text = invoke("ingest")
    assert code == 0
    assert "ml-latest-small had landed before: 960 ratings" in text
    assert store.current().manifest["dataset"] == "ml-latest-small"
    code, text = invoke("ingest", "--dataset", "sample", "--replace")
    assert code == 0
    assert "sample landed" in text


def test_an_empty_folder_gets_the_sample(invoke: Invoke) -> None:
    code, text = invoke("ingest")
    assert code == 0
    assert "sample landed: 31,054 ratings" in text


def test_training_says_which_model_it_fits(run_settings: Settings, make_set: SetMaker) -> None:
    told: list[str] = []

    class Told:
        def stage(self, name: str, number: int, of: int) -> None:
            pass

        def update(self, what: str, done: float, total: float | None) -> None:
            told.append(what)

    run_id = "20260101T000000Z-aaaaaa"
    ingest(run_settings, run_id, movielens=make_set())
    build(run_settings, run_id)
    with reporting(Told()):
        train(run_settings, run_id, models=("hybrid",))
    assert {"fit als", "fit ease", "fit covisitation", "fit content"} <= {*told}
