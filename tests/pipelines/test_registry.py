"""MLflow is a record and no stage: wherever it fails, the run says so once and publishes what it would have."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.jobs.build import build
from pipelines.jobs.evaluate import evaluate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.promote import promote
from pipelines.jobs.publish import Published, publish
from pipelines.jobs.train import train
from pipelines.registry import PATIENCE, Registry
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import TrainingSettings
from tests.conftest import SetMaker
from warehouse.store import ReleaseStore


@pytest.fixture
def quick(run_settings: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The small set, landed and built, and a model that takes no time."""
    for name in PATIENCE:  # what the registry sets is taken back after the test
        monkeypatch.setenv(name, "1")
        monkeypatch.delenv(name)
    training = TrainingSettings(stars=False, models=("covisitation",), published="covisitation", protocols=("next",))
    ingest(run_settings, new_run_id(), movielens=make_set())
    build(run_settings, new_run_id())
    return run_settings.model_copy(update={"training": training})


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def unused_port() -> int:
    """A port where nothing listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def run(settings: Settings) -> Published:
    run_id = new_run_id()
    train(settings, run_id)
    evaluate(settings, run_id)
    promote(settings, run_id)
    return publish(settings, run_id)


def failing(after: int) -> Callable[..., Any]:
    """Return a method that answers ``after`` times and then fails as a client does whose server is gone."""
    calls = []

    def method(*args: Any, **kwargs: Any) -> None:
        calls.append(args)
        if len(calls) > after:
            raise ConnectionResetError("the server went away\nwith a second line")

    return method


@pytest.mark.parametrize(
    ("method", "after"),
    [
        ("log_artifacts", 0),
        ("log_batch", 2),
        *(pytest.param("log_batch", after, marks=pytest.mark.slow) for after in (5, 7, 9, 11)),
        *(
            pytest.param(name, 0, marks=pytest.mark.slow)
            for name in ("create_run", "set_terminated", "log_inputs", "log_figure", "create_model_version", "log_text")
        ),
    ],
)
def test_mlflow_that_fails_is_one_warning_and_the_release_is_the_same(
    quick: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str, after: int
) -> None:
    import mlflow

    monkeypatch.setattr(mlflow.MlflowClient, method, failing(after))
    published = run(quick)
    assert published.model == "covisitation"
    assert ReleaseStore(quick.folder).current_id() == published.release_id
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert [text for text in warnings if "mlflow" in text] == [text for text in warnings if "not tracked" in text]
    assert all("the server went away" in text and "second line" not in text for text in warnings)
    assert len(warnings) == 1


def test_a_tracking_server_that_is_not_there(
    quick: Settings, caplog: pytest.LogCaptureFixture, unused_port: int
) -> None:
    gone = quick.model_copy(update={"mlflow_tracking_uri": f"http://ada:a-password@127.0.0.1:{unused_port}"})
    published = run(gone)
    assert "a-password" not in caplog.text
    manifest = ReleaseStore(quick.folder).get(published.release_id).manifest
    assert (manifest["model"], manifest["mlflow_run_id"]) == ("covisitation", None)
    assert sum("not tracked" in record.getMessage() for record in caplog.records) == 1


def test_a_tracking_database_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mlruns").write_text("a file where the folder should be")
    registry = Registry(settings)
    assert registry.lost
    assert registry.log_model("", "als", {}, {}) is None
    assert registry.register("id", "set", tmp_path, tmp_path, {}, "") is None


@pytest.mark.slow
def test_a_tracking_server_that_never_answers(
    quick: Settings, caplog: pytest.LogCaptureFixture, silent_port: int
) -> None:
    deaf = quick.model_copy(update={"mlflow_tracking_uri": f"http://127.0.0.1:{silent_port}"})
    assert run(deaf).model == "covisitation"
    assert sum("not tracked" in record.getMessage() for record in caplog.records) == 1
