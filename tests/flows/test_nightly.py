"""The flow under a real Prefect server of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.environment import prepare
from pipelines.runs import workbench
from pipelines.settings import Settings
from tests.conftest import SetMaker
from warehouse.store import ReleaseStore

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=120):
            yield


async def _artifacts() -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        return {artifact.key: artifact for artifact in await client.read_artifacts() if artifact.key}


async def _runs() -> list[Any]:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        return list(await client.read_flow_runs())


async def _tasks() -> list[Any]:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        return list(await client.read_task_runs())


@pytest.mark.slow
def test_a_run_ends_completed_with_its_report(
    prefect_server: None, run_settings: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.nightly import TITLES, nightly

    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(run_settings.data_dir))
    monkeypatch.setenv("PLAYBILL_MLRUNS_DIR", str(run_settings.mlruns_dir))
    monkeypatch.setenv("PLAYBILL_TRAINING__MODELS", '["popularity", "covisitation"]')
    monkeypatch.setenv("PLAYBILL_TRAINING__PUBLISHED", "covisitation")
    state = nightly(movielens=str(make_set()), enrich=False, return_state=True)
    assert state.is_completed()
    published = state.result()
    assert ReleaseStore(run_settings.folder).current_id() == published.release_id
    artifacts = asyncio.run(_artifacts())
    report = str(artifacts["run-report"].data)
    assert published.release_id in report
    assert "| next | covisitation | ndcg@10 |" in report
    assert "quality-checks" in artifacts
    assert "| evaluate |" in report
    assert "#/runs/" in report
    assert "There was none." in report
    assert artifacts["run-progress"].data == 100.0
    runs = asyncio.run(_runs())
    assert [run.name for run in runs] == [f"ml-latest-small {workbench(run_settings.folder).run_id}"]
    assert {task.name for task in asyncio.run(_tasks())} == set(TITLES.values()) - {TITLES["reuse"]}

    again = nightly(movielens=str(make_set()), enrich=False, train="none", return_state=True)
    assert again.is_completed()
    assert again.result().model == "covisitation"


@pytest.mark.slow
def test_a_run_that_fails_keeps_the_last_release(
    prefect_server: None, run_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.nightly import nightly

    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(run_settings.data_dir))
    state = nightly(movielens=str(tmp_path / "nothing.zip"), return_state=True)
    assert state.is_failed()
    assert "does not exist" in str(state.message)
    assert ReleaseStore(run_settings.folder).ids() == []


@pytest.mark.slow
def test_long_work_shows_its_progress_even_from_inside_an_event_loop(prefect_server: None) -> None:
    from prefect import flow

    from flows.progress import progress_artifact
    from pipelines.progress import reporting, step

    told: list[float] = []

    class Outer:
        def stage(self, name: str, number: int, of: int) -> None:
            pass

        def update(self, what: str, done: float, total: float | None) -> None:
            told.append(done)

    async def work() -> None:
        for done in range(5):
            step("enrich", done, 4)
        step("something else", 1, 2)

    @flow
    def long_work() -> None:
        with reporting(Outer()), progress_artifact("test-progress"):
            asyncio.run(work())

    long_work()
    artifact = asyncio.run(_artifacts())["test-progress"]
    assert (artifact.type, artifact.data) == ("progress", 100.0)
    assert told == [0, 1, 2, 3, 4, 1]


def test_the_form_has_the_choices_of_the_command_line() -> None:
    from flows.nightly import nightly
    from flows.parameters import DATASET_NAMES, TRAIN_MODES

    fields = nightly.parameters.properties
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert fields["dataset"]["anyOf"][0]["enum"] == list(DATASET_NAMES)
    assert fields["train"]["enum"] == list(TRAIN_MODES)


def test_the_environment_is_completed_and_not_overridden(settings: Settings) -> None:
    environ = {"PREFECT_HOME": "/elsewhere"}
    prepare(settings, quiet=True, environ=environ)
    assert environ["PREFECT_HOME"] == "/elsewhere"
    assert environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] == "CRITICAL"
