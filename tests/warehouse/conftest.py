"""The command with a test's own folders, quick models, and nothing of Prefect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from flows.cli import app as cli
from flows.cli.console import LOGGERS
from pipelines.settings import Settings

Playbill = Callable[..., tuple[int, str]]


@pytest.fixture
def playbill(
    run_settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Playbill]:
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
    for name in LOGGERS:  # the command sent them to this test's standard error
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(logging.NOTSET)
