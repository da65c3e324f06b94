"""MLflow as the record: the same numbers everywhere, versions that load, aliases that follow what is served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.jobs.ingest_supabase import ingest_supabase
from pipelines.jobs.promotion_record import decision_of, table_of
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from tests.conftest import SetMaker
from tests.flows.conftest import Invoke
from tests.flows.test_chain import call
from tests.pipelines.sources.supabase.postgrest import Table
from tests.pipelines.sources.supabase.test_api import rows
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
NUMBERS = "difference", "low", "high", "n", "challenger_ndcg", "champion_ndcg", "challenger_coverage", "overlap"


@pytest.fixture
def client(invoke: Invoke, make_set: SetMaker, run_settings: Settings) -> Any:
    """Two releases, the first ranked by ALS and the second by co-visitation, and a client of what was tracked."""
    from mlflow import MlflowClient

    call(invoke, "ingest", "--movielens", str(make_set()))
    call(invoke, "build")
    for model in ("als", "covisitation"):
        call(invoke, "train", model, "--set", "random_state=1")
        call(invoke, "promote", "--because", "two champions are needed")
        call(invoke, "publish")
    return MlflowClient(f"sqlite:///{run_settings.mlruns / 'mlflow.db'}")


def test_a_refusal_has_the_same_numbers_everywhere(client: Any, invoke: Invoke, run_settings: Settings) -> None:
    served = ReleaseStore(run_settings.folder).current()
    text = call(invoke, "train", "popularity")
    call(invoke, "publish")
    release = ReleaseStore(run_settings.folder).current()
    assert release.manifest["arrays_from"] == served.release_id
    with open_releases(run_settings.folder) as con:
        logged = ask(con, "SELECT * FROM promotion_log ORDER BY recorded_at").records()[-1]
    runs = client.search_runs(["1"], "tags.`gate.challenger` = 'popularity' and tags.`gate.promoted` = 'False'")
    parent = next(run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    for name in NUMBERS:
        if logged[name] is not None:
            assert parent.data.metrics[f"gate/{name}"] == logged[name]
    assert parent.data.tags["gate.reasons"] == "\n".join(logged["reasons"])
    decision = decision_of(run_settings.folder, logged["run_id"])
    assert decision is not None
    artifact = {row["measured"]: row for row in table_of(decision)}
    assert artifact["nDCG@10"]["challenger popularity"] == f"{logged['challenger_ndcg']:.6g}"
    assert f"{logged['difference']:+.6g}" in text
    assert parent.info.run_name == "popularity not promoted"
    assert {run.data.tags["mlflow.parentRunId"] for run in runs if run is not parent} == {parent.info.run_id}
    (dataset,) = parent.inputs.dataset_inputs
    assert dataset.dataset.name == "ml-latest-small"


def test_versions_load_and_the_alias_follows(
    client: Any, invoke: Invoke, run_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    store = ReleaseStore(run_settings.folder)
    second = store.current()
    version = client.get_model_version_by_alias("playbill", "champion")
    assert (str(version.version), version.tags["playbill.release_id"]) == (
        second.manifest["mlflow_version"], second.release_id,
    )  # fmt: skip
    training = client.get_run(client.get_run(version.run_id).data.tags["mlflow.parentRunId"])
    assert training.data.tags["playbill.release_id"] == second.release_id  # the row that the runs' page shows
    about = client.get_experiment("1").tags["mlflow.note.content"]
    assert about.startswith("**Served: covisitation**, nDCG@10 ")
    assert " against als." in about.splitlines()[0]
    assert "*" not in version.description.splitlines()[0]
    mlflow.set_tracking_uri(f"sqlite:///{run_settings.mlruns / 'mlflow.db'}")
    model = mlflow.pyfunc.load_model("models:/playbill@champion")
    with open_releases(run_settings.folder) as con:
        user, listed = ask(con, "SELECT user_id, movie_ids[:5] FROM recommendation_lists LIMIT 1").rows[0]
        rows = ask(
            con, "SELECT unnest(movie_ids), unnest(ratings), unnest([epoch(t) FOR t IN rated_at]) FROM histories "
            "WHERE user_id = ?", [user],
        ).rows  # fmt: skip
    history = pd.DataFrame(rows, columns=["movie_id", "rating", "rated_at"]).assign(user_id=user)
    history = history.astype({"movie_id": "int64", "rating": "float64", "rated_at": "int64"})
    assert model.predict(history, params={"k": 5})["movie_id"].tolist() == listed
    assert not list(run_settings.mlruns.rglob("*.pkl"))
    call(invoke, "rollback")
    first = client.get_model_version_by_alias("playbill", "champion")
    assert first.tags["playbill.model"] == "als"
    folder_alias = next(
        name for name in client.get_registered_model("playbill").aliases if name.startswith("champion-")
    )
    assert client.get_model_version_by_alias("playbill", folder_alias).version == first.version


def test_a_version_that_comes_back_can_be_loaded_again(client: Any, invoke: Invoke, run_settings: Settings) -> None:
    import mlflow

    call(invoke, "train", "popularity")  # of the versions the newest two keep their arrays, and the champion
    assert "playbill.removed" in client.get_model_version("playbill", "1").tags
    call(invoke, "rollback")
    champion = client.get_model_version_by_alias("playbill", "champion")
    assert (champion.version, "playbill.removed" in champion.tags) in ((1, False), ("1", False))
    mlflow.set_tracking_uri(f"sqlite:///{run_settings.mlruns / 'mlflow.db'}")
    history = pd.DataFrame({"user_id": ["ann"], "movie_id": [501], "rating": [5.0], "rated_at": [0]})
    assert len(mlflow.pyfunc.load_model("models:/playbill@champion").predict(history, params={"k": 3})) == 3
    assert not list(run_settings.folder.models.glob(".*"))


def test_popularity_that_somebody_promotes_is_the_champion_too(
    client: Any, invoke: Invoke, run_settings: Settings
) -> None:
    import mlflow

    for words in (("train", "popularity"), ("promote", "--because", "a quiet week"), ("publish",)):
        call(invoke, *words)
    champion = client.get_model_version_by_alias("playbill", "champion")
    facts = ReleaseStore(run_settings.folder).current().manifest
    assert (champion.tags["playbill.model"], str(champion.version)) == ("popularity", facts["mlflow_version"])
    mlflow.set_tracking_uri(f"sqlite:///{run_settings.mlruns / 'mlflow.db'}")
    history = pd.DataFrame({"user_id": ["ann"], "movie_id": [501], "rating": [5.0], "rated_at": [0]})
    assert len(mlflow.pyfunc.load_model("models:/playbill@champion").predict(history, params={"k": 3})) == 3


def test_training_twice_the_same_keeps_the_arrays_once(client: Any, invoke: Invoke, tmp_path: Path) -> None:
    before = len(client.search_model_versions("name = 'playbill'"))
    call(invoke, "train", "covisitation", "--set", "random_state=1")
    call(invoke, "promote", "--because", "again")
    assert len(client.search_model_versions("name = 'playbill'")) == before


def test_a_killed_run_does_not_stay_running(client: Any, invoke: Invoke) -> None:
    tags = client.search_runs(["1"])[0].data.tags
    killed = client.create_run("1", tags={"playbill.folder": tags["playbill.folder"]}).info.run_id
    call(invoke, "train", "popularity", "--no-gate")
    assert client.get_run(killed).info.status == "KILLED"


def test_every_batch_is_a_dataset_with_its_newest_moment(
    invoke: Invoke, make_set: SetMaker, run_settings: Settings
) -> None:
    from mlflow import MlflowClient

    app: dict[str, Any] = {"supabase_url": "https://project.example", "supabase_key": "sb_secret_test"}
    with_app = Settings(data_dir=run_settings.data_dir, mlruns_dir=run_settings.mlruns_dir, **app)
    changes = [{**row, "movie_id": 501 + number} for number, row in enumerate(rows(8))]
    ingest_supabase(with_app, new_run_id(), transport=Table(changes).transport)
    run_settings.folder.inbox.mkdir(parents=True, exist_ok=True)
    liked = [
        {"user_id": "ann", "movie_id": film, "event": "like", "timestamp": 1_767_225_600 + film} for film in (1, 2)
    ]
    (run_settings.folder.inbox / "app.jsonl").write_text("".join(json.dumps(line) + "\n" for line in liked))
    call(invoke, "ingest", "--movielens", str(make_set()))
    call(invoke, "build")
    call(invoke, "train", "popularity", "--no-gate")
    client: Any = MlflowClient(f"sqlite:///{run_settings.mlruns / 'mlflow.db'}")
    (training,) = (run for run in client.search_runs(["1"]) if "mlflow.parentRunId" not in run.data.tags)
    datasets = {each.dataset.name: each.dataset for each in training.inputs.dataset_inputs}
    profiles = {name: json.loads(dataset.profile) for name, dataset in datasets.items()}
    # the newest rating of the set is the 16th of person 60; each of the two likes is two seconds into 2026 at most
    assert profiles == {
        "ml-latest-small": {"num_rows": 960, "watermark": "1970-01-19T12:41:40+00:00"},
        "supabase": {"num_rows": 8, "watermark": "2026-01-01T00:02:00+00:00"},
        "events": {"num_rows": 2, "watermark": "2026-01-01T00:00:02+00:00"},
    }
    assert json.loads(datasets["supabase"].source)["uri"].startswith("lake/supabase/000001-")
    columns = {column["name"] for column in json.loads(datasets["events"].schema)["mlflow_colspec"]}
    assert {"user_id", "event", "happened_at"} <= columns
