"""The command as a test runs it, and a data folder with two releases."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.cli import app as cli
from flows.cli.console import LOGGERS, quiet
from pipelines.jobs.build import build
from pipelines.jobs.evaluate import evaluate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.promote import promote
from pipelines.jobs.publish import publish
from pipelines.jobs.train import train
from pipelines.settings import Settings
from pipelines.settings_sections import TrainingSettings
from tests.conftest import made_once, small_set, write_set
from warehouse.store import ReleaseStore

Invoke = Callable[..., tuple[int, str]]


@pytest.fixture
def invoke(
    run_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Invoke]:
    """Run the command with this test's folders and return (exit code, everything printed)."""
    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(run_settings.data_dir))
    monkeypatch.setenv("PLAYBILL_MLRUNS_DIR", str(run_settings.mlruns_dir))
    monkeypatch.setenv("PLAYBILL_TRAINING__MODELS", '["popularity", "covisitation"]')
    monkeypatch.setenv("PLAYBILL_TRAINING__PUBLISHED", "covisitation")
    monkeypatch.setenv("PLAYBILL_TRAINING__PROTOCOLS", '["next"]')

    def call(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["playbill", *words])
        code = cli.run_command()
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    yield call
    quiet[0] = False
    for name in LOGGERS:  # the command sent them to this test's standard error
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def published_folder(tmp_path_factory: pytest.TempPathFactory, empty_mlflow: Path) -> Path:
    """A data folder with two releases of the small set, made once; tests get copies."""
    return made_once(tmp_path_factory, "published", lambda home: _publish_twice(home, empty_mlflow)) / "data"


def _publish_twice(home: Path, empty_mlflow: Path) -> None:
    (home / "mlruns").mkdir()
    shutil.copy(empty_mlflow, home / "mlruns" / "mlflow.db")
    training = TrainingSettings(
        stars=False, models=("popularity", "covisitation"), published="covisitation", protocols=("next",)
    )
    settings = Settings(data_dir=home / "data", mlruns_dir=home / "mlruns", training=training)
    zipped = write_set(home / "ml-latest-small.zip", small_set())
    for run_id in ("20260101T000000Z-aaaaaa", "20260102T000000Z-bbbbbb"):
        ingest(settings, run_id, movielens=zipped)
        build(settings, run_id)
        train(settings, run_id)
        evaluate(settings, run_id)
        promote(settings, run_id)
        publish(settings, run_id)


@pytest.fixture
def published(run_settings: Settings, published_folder: Path) -> list[str]:
    """Two releases of the small set, oldest first."""
    shutil.copytree(published_folder, run_settings.data_dir, symlinks=True, dirs_exist_ok=True)
    return sorted(ReleaseStore(run_settings.folder).ids())
