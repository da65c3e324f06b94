"""`playbill evaluate` of chosen recipes and `playbill tune`, as a person calls them, and what MLflow has of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.choice.recipes import RECIPES
from pipelines.settings import Settings
from tests.conftest import SetMaker, small_set
from tests.flows.conftest import Invoke


@pytest.mark.slow
def test_a_set_without_links_is_measured_as_a_run_would_train_on_it(
    invoke: Invoke, make_set: SetMaker, tmp_path: Path, run_settings: Settings
) -> None:
    known = small_set()["movies.csv"].splitlines()[:31]  # a set that lacks films 31-40
    linked = make_set("ml-25m", movies_csv="\n".join(known) + "\n")
    bare = str(make_set("ml-latest-small", links_csv=None))
    words = ("evaluate", "--protocol", "stratified", "--model", "popularity", "--json")
    answers = []
    for more in (("--movielens", bare), ("--movielens", bare, "--links", str(linked))):
        code, text = invoke(*words, *more)
        assert code == 0, text
        answers.append(json.JSONDecoder().raw_decode(text[text.index("{") :])[0])
    own, matched = (answer["models"]["popularity"] for answer in answers)
    # popularity lists ten films for everybody: a smaller catalogue is covered more
    assert matched["coverage@10"] > own["coverage@10"]
    assert not run_settings.folder.lake.exists()
    code, text = invoke("evaluate", "--links", str(linked))
    assert code == 2
    assert "--movielens" in text


def tracked(settings: Settings) -> tuple[Any, dict[str, Any], Any]:
    """Return MLflow's only run that is nested in none, those nested in it by name, and a client."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{settings.mlruns / 'mlflow.db'}")
    runs = client.search_runs(["1"])
    (whole,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    return whole, {run.info.run_name: run for run in runs if run is not whole}, client


@pytest.mark.slow
def test_recipes_that_are_measured_are_in_mlflow_and_no_ledger(
    invoke: Invoke, make_set: SetMaker, run_settings: Settings
) -> None:
    words = ("evaluate", "--movielens", str(make_set()), "--model", "popularity", "--model", "covisitation")
    code, text = invoke(*words, "--json")
    assert code == 0, text
    printed = json.JSONDecoder().raw_decode(text[text.index("{") :])[0]["models"]
    whole, models, client = tracked(run_settings)
    assert (whole.info.run_name, whole.info.status) == ("evaluate next ml-latest-small", "FINISHED")
    assert whole.info.end_time - whole.info.start_time > 100  # not the moment of writing alone
    assert set(models) == {"popularity", "covisitation"}
    for name, run in models.items():
        figures = {end: run.data.metrics[f"next.ndcg_at_10{end}"] for end in ("", ".low", ".high")}
        assert figures == pytest.approx({
            "": printed[name]["ndcg@10"], ".low": printed[name]["ndcg@10_low"], ".high": printed[name]["ndcg@10_high"],
        })  # fmt: skip
        assert run.data.tags["playbill.recipe_hash"]
    assert models["covisitation"].data.params["window"]
    (dataset,) = whole.inputs.dataset_inputs
    assert json.loads(dataset.dataset.profile)["num_rows"] == 960
    assert {file.path for file in client.list_artifacts(whole.info.run_id)} >= {"figures.csv", "plots"}
    assert not run_settings.folder.lake.exists()


@pytest.mark.slow
def test_a_tuned_recipe_belongs_to_the_data_folder(invoke: Invoke, make_set: SetMaker, run_settings: Settings) -> None:
    shipped = {path: path.read_bytes() for path in RECIPES.iterdir()}
    for words in (("ingest", "--movielens", str(make_set())), ("build",)):
        assert invoke(*words)[0] == 0
    code, text = invoke("tune", "popularity", "--trials", "1")
    own = run_settings.folder.recipes / "popularity.toml"
    assert (code, str(own) in text) == (0, True)
    assert {path: path.read_bytes() for path in RECIPES.iterdir()} == shipped
    search, trials, _ = tracked(run_settings)
    assert search.info.run_name == "tune popularity next"
    assert search.data.metrics["next.ndcg_at_10"] == max(run.data.metrics["next.ndcg_at_10"] for run in trials.values())
    assert len(trials) == 2  # the settings it began with, and one trial
    assert [each.dataset.name for each in search.inputs.dataset_inputs] == ["ml-latest-small"]
    own.write_text("half_life_days = 12.0\n")
    # where there are own recipes they are read: by train, by evaluate, and by the next search, which begins with them
    assert invoke("train", "popularity")[0] == 0
    header = next(run_settings.folder.models.glob("*/popularity/model.json"))
    assert json.loads(header.read_text())["config"]["half_life_days"] == 12.0
    (run_settings.folder.recipes / "covisitation.toml").write_text("window = 0.5\n")
    code, text = invoke("evaluate", "--model", "covisitation")
    assert (code, "covisitation: window" in text) == (2, True)
    code, text = invoke("tune", "covisitation", "--trials", "1")
    assert (code, "covisitation: window" in text) == (2, True)
