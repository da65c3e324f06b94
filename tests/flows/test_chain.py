"""The stages by hand, in README's order: what is trained is what is evaluated, judged and published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.settings import Settings
from tests.conftest import SetMaker
from tests.flows.conftest import Invoke
from warehouse import ledgers
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

FACTORS = 7


def call(invoke: Invoke, *words: str) -> str:
    code, text = invoke(*words)
    assert code == 0, text
    return text


def test_a_changed_hyper_parameter_is_followed_from_train_to_the_release(
    invoke: Invoke, make_set: SetMaker, run_settings: Settings
) -> None:
    from mlflow import MlflowClient

    call(invoke, "ingest", "--movielens", str(make_set()))
    call(invoke, "build")
    call(invoke, "train", "als", "--set", f"factors={FACTORS}", "--set", "history.decay=0.9")
    text = call(invoke, "evaluate")
    assert "als" in text
    assert "covisitation" not in text  # what was trained is measured, not what could be
    assert "promoted: als beats popularity" in call(invoke, "promote")
    assert "ranked by als" in call(invoke, "publish")

    folder = run_settings.folder
    measured = [row for row in ledgers.read(folder, "metrics") if row["model"] == "als"]
    assert {json.loads(row["recipe"])["factors"] for row in measured} == {FACTORS}
    release = ReleaseStore(folder).current()
    assert release.manifest["recipe"]["factors"] == FACTORS
    assert release.manifest["recipe"]["history"]["decay"] == 0.9
    assert np.load(release.models / "als" / "item_factors_.npy").shape == (40, FACTORS)
    with open_releases(folder) as con:
        recipes = ask(con, "SELECT DISTINCT recipe FROM model_metrics WHERE model = 'als'").rows
        assert [json.loads(recipe)["factors"] for (recipe,) in recipes] == [FACTORS]
        assert ask(con, "SELECT challenger, promoted FROM promotion_log").rows == [("als", True)]
    client = MlflowClient(f"sqlite:///{run_settings.mlruns / 'mlflow.db'}")
    run = client.get_run(release.manifest["mlflow_run_id"])
    assert run.data.params["factors"] == str(FACTORS)
    assert run.data.metrics["next.ndcg_at_10"] == pytest.approx(release.manifest["metrics"]["next.ndcg"])
    champion = client.get_model_version_by_alias("playbill", "champion")
    assert champion.run_id == run.info.run_id


@pytest.mark.slow
def test_learned_weights_are_followed_from_train_to_the_release(
    invoke: Invoke, make_set: SetMaker, run_settings: Settings
) -> None:
    from mlflow import MlflowClient

    call(invoke, "ingest", "--movielens", str(make_set()))
    call(invoke, "build")
    text = call(invoke, "train", "hybrid")
    assert "hybrid: weights" in text
    call(invoke, "evaluate")
    call(invoke, "promote")
    call(invoke, "publish")

    release = ReleaseStore(run_settings.folder).current()
    lesson, recipe = release.manifest["blend"], release.manifest["recipe"]
    assert (lesson["protocol"], lesson["people"]) == ("next", 60)
    assert set(lesson["ndcg"]) > {"learned", "shipped"}
    assert recipe["weights"] == lesson["weights"]
    assert recipe["channels"] == []  # a published recipe is trained again as it is
    weights = {one["channel"]: one["weight"] for one in lesson["worth"]}
    assert weights == lesson["weights"]
    for channel, weight in weights.items():
        assert channel in text
        assert (weight < 0) == channel.endswith(".dislikes")
    with open_releases(run_settings.folder) as con:
        rows = ask(con, "SELECT segment, value FROM model_metrics WHERE metric = 'channel_weight'").rows
        assert dict(rows) == pytest.approx(weights, rel=1e-5)
        gains = ask(con, "SELECT segment, value, low, high FROM model_metrics WHERE metric = 'channel_gain'").rows
    for channel, gain, low, high in gains:
        (worth,) = (one for one in lesson["worth"] if one["channel"] == channel)
        assert (gain, low, high) == pytest.approx((worth["gain"], worth["low"], worth["high"]), abs=1e-6)
    client = MlflowClient(f"sqlite:///{run_settings.mlruns / 'mlflow.db'}")
    logged = client.get_run(release.manifest["mlflow_run_id"]).data.metrics
    for channel, weight in weights.items():
        assert logged[f"channels/{channel}.weight"] == pytest.approx(weight)


@pytest.mark.slow
def test_other_measurements_are_not_the_gates(invoke: Invoke, make_set: SetMaker, run_settings: Settings) -> None:
    path = str(make_set())
    call(invoke, "ingest", "--movielens", path)
    call(invoke, "build")
    call(invoke, "train", "covisitation", "--no-gate")
    for words in (("--movielens", path), ("--model", "popularity"), ("-k", "5")):
        assert "nowhere that the gate looks" in call(invoke, "evaluate", *words)
    assert ledgers.read(run_settings.folder, "metrics") == []
    code, text = invoke("promote")
    assert code == 1
    assert "run `playbill evaluate` first" in text
    text = call(invoke, "evaluate", "--protocol", "last-out", "--json")
    found, _ = json.JSONDecoder().raw_decode(text)  # log lines follow
    assert (found["protocol"], sorted(found["models"])) == ("last-out", ["covisitation", "popularity"])
    assert {row["protocol"] for row in ledgers.read(run_settings.folder, "metrics")} == {"last-out"}
    code, text = invoke("promote")
    assert code == 1
    assert "--protocol next" in text
    call(invoke, "evaluate", "--protocol", "next")
    call(invoke, "promote")
    call(invoke, "publish")
    assert set(ReleaseStore(run_settings.folder).current().manifest["metrics"]) >= {"next.ndcg", "last-out.recall"}


def test_without_a_trained_model_the_recipes_are_measured(
    invoke: Invoke, make_set: SetMaker, run_settings: Settings
) -> None:
    call(invoke, "ingest", "--movielens", str(make_set()))
    call(invoke, "build")
    text = call(invoke, "evaluate")
    assert "covisitation" in text
    assert "nowhere that the gate looks" in text
    assert ledgers.read(run_settings.folder, "metrics") == []


@pytest.mark.slow
def test_a_refused_model_leaves_the_champion_ranking(
    invoke: Invoke, make_set: SetMaker, run_settings: Settings, tmp_path: Path
) -> None:
    for words in (
        ("ingest", "--movielens", str(make_set())),
        ("build",),
        ("train", "covisitation", "--no-gate"),
        ("evaluate",),
    ):
        call(invoke, *words)
    call(invoke, "promote")
    call(invoke, "publish")
    first = ReleaseStore(run_settings.folder).current()
    # a hybrid of popularity alone reads nobody
    silent = [f"weights.{name}=0.0" for name in ("als", "content", "covisitation", "ease")]
    changes = [word for change in (*silent, "weights.popularity=1.0") for word in ("--set", change)]
    call(invoke, "train", "hybrid", *changes)
    call(invoke, "evaluate")
    text = call(invoke, "promote")
    assert "refused: hybrid does not beat covisitation for certain" in text
    assert f"covisitation of release {first.release_id} goes on ranking" in text
    assert f"ranked by covisitation of release {first.release_id}" in call(invoke, "publish")
    second = ReleaseStore(run_settings.folder).current()
    assert second.release_id != first.release_id
    assert second.manifest["model"] == "covisitation"
    assert second.manifest["recipe"] == first.manifest["recipe"]
    assert second.manifest["metrics"] == first.manifest["metrics"]
    # a run says it too
    text = call(invoke, "run", "--movielens", str(make_set()), "--no-enrich", "--train", "none")
    assert f"ranked by covisitation of release {first.release_id}." in " ".join(text.split())


def test_run_and_build_tell_programs_what_they_did(invoke: Invoke, make_set: SetMaker, run_settings: Settings) -> None:
    words = ("run", "--movielens", str(make_set()), "--no-enrich", "--quiet", "--json")
    made = json.loads(call(invoke, *words))
    assert made["release_id"] == ReleaseStore(run_settings.folder).current_id()
    assert (made["users"], made["movies"], made["dataset"]) == (60, 40, "ml-latest-small")
    assert made["example"]["user_id"].startswith("ml_")
    assert [film["rank"] for film in made["example"]["recommendations"]] == list(range(1, 11))
    checks = json.loads(call(invoke, "build", "--quiet", "--json"))
    assert {"rating_out_of_range", "unknown_films"} <= {check["check_name"] for check in checks}
    assert all(check["rows_found"] == 0 for check in checks if check["severity"] == "error")
