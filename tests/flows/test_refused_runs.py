"""Runs under Prefect in which something says no: the lists that are served stay as good as they were."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from flows.main_job import main_job
from flows.parameters import Request
from pipelines.runs import new_run_id
from pipelines.settings import Settings, load_settings
from tests.conftest import SetMaker, small_set
from tests.flows.test_nightly import _artifacts, prefect_server  # noqa: F401 - a fixture
from warehouse.query import ask, open_releases
from warehouse.store import Release, ReleaseStore

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

LISTS = "SELECT user_id, movie_ids, scores FROM {}.recommendation_lists ORDER BY user_id"
RunAgain = Callable[..., Any]


@pytest.fixture
def served(run_settings: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A release that co-visitation ranks."""
    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(run_settings.data_dir))
    monkeypatch.setenv("PLAYBILL_MLRUNS_DIR", str(run_settings.mlruns_dir))
    monkeypatch.setenv("PLAYBILL_TRAINING__MODELS", '["popularity", "covisitation"]')
    monkeypatch.setenv("PLAYBILL_TRAINING__PUBLISHED", "covisitation")
    monkeypatch.setenv("PLAYBILL_TRAINING__PROTOCOLS", '["next"]')
    main_job(load_settings(), new_run_id(), Request(movielens=make_set(), enrich=False))
    release = ReleaseStore(run_settings.folder).current()
    assert release.manifest["model"] == "covisitation"
    return release


@pytest.fixture
def run_again(prefect_server: None, served: Release) -> RunAgain:  # noqa: F811
    """Run the main job as a flow and return its state."""
    from flows.nightly import nightly

    def call(**parameters: Any) -> Any:
        return nightly(enrich=False, return_state=True, **parameters)

    return call


def test_the_gate_refuses(
    run_again: RunAgain,
    served: Release,
    run_settings: Settings,
    make_set: SetMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = run_settings.folder.recipes / "hybrid.toml"
    own.parent.mkdir()
    # of popularity alone, which reads nobody's history; the shipped file would say otherwise
    own.write_text("[weights]\npopularity = 1.0\n")
    monkeypatch.setenv("PLAYBILL_TRAINING__MODELS", '["hybrid"]')
    monkeypatch.setenv("PLAYBILL_TRAINING__PUBLISHED", "hybrid")
    state = run_again(movielens=str(make_set()), train="all")
    assert state.is_completed()
    published = state.result()
    assert (published.model, published.trained_for) == ("covisitation", served.release_id)
    with open_releases(run_settings.folder) as con:
        assert ask(con, f"{LISTS.format('cur')}").rows == ask(con, f"{LISTS.format('prev')}").rows
        row = ask(con, "SELECT * FROM promotion_log ORDER BY recorded_at DESC LIMIT 1").records()[0]
    artifacts = asyncio.run(_artifacts())
    the_same_numbers(row, artifacts["promotion"], run_settings)
    report = str(artifacts["run-report"].data)
    assert f"ranked by **covisitation** of release {served.release_id}" in report
    assert "refused: hybrid does not beat covisitation for certain" in report
    assert "| next | covisitation | ndcg@10 |" in report
    assert "| next | hybrid |" not in report


def the_same_numbers(row: dict[str, Any], artifact: Any, settings: Settings) -> None:
    """Compare a row of a release's promotion_log with Prefect's artifact, which has six digits, and with MLflow."""
    from mlflow import MlflowClient

    assert (row["challenger"], row["champion"], row["promoted"]) == ("hybrid", "covisitation", False)
    shown = {line["measured"]: line for line in json.loads(artifact.data)}
    for label, column in (
        ("nDCG@10", "ndcg"), ("share of the films listed", "coverage"), ("share of lists that are full", "full"),
        ("share of places that ten films take", "exposure"),
    ):  # fmt: skip
        for side in ("challenger", "champion"):
            cell = shown[label][f"{side} {row[side]}"]
            assert float(cell) == pytest.approx(row[f"{side}_{column}"], rel=1e-5)
    differences = shown["difference, person by person"]
    assert float(differences["challenger hybrid"]) == pytest.approx(row["difference"], rel=1e-5)
    low, _, high = differences["champion covisitation"].partition(", ")[0].partition(" to ")
    assert (float(low), float(high)) == pytest.approx((row["low"], row["high"]), rel=1e-5)
    assert artifact.description == " ".join(row["reasons"])
    run: Any = MlflowClient(f"sqlite:///{settings.mlruns / 'mlflow.db'}").get_run(row["mlflow_run_id"])
    numbers = {f"gate/{name}": value for name, value in row.items() if type(value) in (int, float)}
    assert len(numbers) > 10
    assert numbers.items() <= run.data.metrics.items()
    assert run.data.tags["gate.reasons"] == "\n".join(row["reasons"])


def test_the_build_is_refused(run_again: RunAgain, served: Release, run_settings: Settings, make_set: SetMaker) -> None:
    before = run_settings.folder.dataset("interactions").read_bytes()
    few = "\n".join(small_set()["ratings.csv"].splitlines()[:200]) + "\n"
    state = run_again(movielens=str(make_set(ratings_csv=few)))
    assert state.is_failed()
    assert "sudden_drop" in str(state.message)
    assert ReleaseStore(run_settings.folder).current_id() == served.release_id
    assert run_settings.folder.dataset("interactions").read_bytes() == before


def test_mlflow_dies_halfway(
    run_again: RunAgain,
    served: Release,
    run_settings: Settings,
    make_set: SetMaker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import mlflow

    def gone(*_: Any, **__: Any) -> None:
        raise ConnectionResetError("the server went away")

    monkeypatch.setattr(mlflow.MlflowClient, "log_artifacts", gone)
    more = small_set()["ratings.csv"] + "1,1,5.0,9000000\n2,40,5.0,9000000\n"  # on the same ratings nothing is trained
    with caplog.at_level(logging.WARNING, logger="pipelines"):
        state = run_again(movielens=str(make_set(ratings_csv=more)))
    assert state.is_completed()
    published, facts = state.result(), ReleaseStore(run_settings.folder).current().manifest
    assert (published.model, published.trained_for) == ("covisitation", None)
    assert facts["ratings"] > served.manifest["ratings"]
    assert (facts["mlflow_run_id"], facts["mlflow_version"]) == (None, None)
    assert sum("not tracked" in record.getMessage() for record in caplog.records) == 1
