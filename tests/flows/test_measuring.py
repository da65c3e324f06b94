"""`playbill evaluate --links` and `playbill tune`, as a person calls them."""

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


def _searches(settings: Settings) -> tuple[Any, list[Any]]:
    """Return MLflow's run of the only search, and those of its trials."""
    from mlflow import MlflowClient

    runs = MlflowClient(f"sqlite:///{settings.mlruns / 'mlflow.db'}").search_runs(["1"])
    (search,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    return search, [run for run in runs if run is not search]


@pytest.mark.slow
def test_a_tuned_recipe_belongs_to_the_data_folder(invoke: Invoke, make_set: SetMaker, run_settings: Settings) -> None:
    shipped = {path: path.read_bytes() for path in RECIPES.iterdir()}
    for words in (("ingest", "--movielens", str(make_set())), ("build",)):
        assert invoke(*words)[0] == 0
    code, text = invoke("tune", "popularity", "--trials", "1")
    own = run_settings.folder.recipes / "popularity.toml"
    assert (code, str(own) in text) == (0, True)
    assert {path: path.read_bytes() for path in RECIPES.iterdir()} == shipped
    search, trials = _searches(run_settings)
    assert search.info.run_name == "tune popularity next"
    assert search.data.metrics["next.ndcg_at_10"] == max(run.data.metrics["next.ndcg_at_10"] for run in trials)
    assert len(trials) == 2  # the settings it began with, and one trial
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
