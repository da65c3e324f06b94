"""The run as somebody meets it in Prefect's pages: deployed, started from the form, looked at in a browser.

Pictures of the pages stay in the test's folder (``--basetemp``), to be looked at.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser import browser
from tests.command import PROGRAM
from tests.conftest import small_set, write_set

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@dataclass(frozen=True)
class Deployed:
    """A Prefect server, `playbill deploy` beside it, and where they write."""

    url: str
    home: Path
    environment: dict[str, str]
    movielens: Path

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return httpx.request(method, f"{self.url}/api{path}", timeout=60, **options)

    @property
    def deployment(self) -> dict[str, Any]:
        deployment: dict[str, Any] = self.ask("GET", "/deployments/name/nightly/nightly").json()
        return deployment

    def start(self, **parameters: Any) -> httpx.Response:
        """Start a run as the form does."""
        return self.ask(
            "POST", f"/deployments/{self.deployment['id']}/create_flow_run", json={"parameters": parameters}
        )

    def finish(self, run_id: str, seconds: float = 300) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            run: dict[str, Any] = self.ask("GET", f"/flow_runs/{run_id}").json()
            if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
                return run
            time.sleep(0.5)
        raise AssertionError(f"still {run['state_type']} after {seconds:g} s")

    def logs(self, run_id: str) -> list[str]:
        body = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"}
        return [line["message"] for line in self.ask("POST", "/logs/filter", json=body).json()]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    home = tmp_path_factory.mktemp("deployed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ("PLAYBILL_", "PREFECT_", "MLFLOW_")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(own)},
        "PREFECT_HOME": str(home / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PLAYBILL_DATA_DIR": str(home / "data"), "PLAYBILL_MLRUNS_DIR": str(home / "mlruns"),
        "PLAYBILL_TRAINING__MODELS": '["popularity", "covisitation"]', "PLAYBILL_TRAINING__PUBLISHED": "covisitation",
        "PLAYBILL_TRAINING__STARS": "false", "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    made = Deployed(f"http://127.0.0.1:{port}", home, environment, write_set(home / "ml-latest-small.zip", small_set()))
    prefect = str(Path(sys.executable).parent / "prefect")
    commands = {
        "server": [prefect, "server", "start", "--port", str(port)],
        "deploy": [*PROGRAM, "deploy", "--movielens", str(made.movielens), "--no-enrich"],
    }
    running = []
    try:
        for name, command in commands.items():
            with (home / f"{name}.txt").open("wb") as output:
                running.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
            wait_until(made, "/health" if name == "server" else "/deployments/name/nightly/nightly", running[-1])
        yield made
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGINT)
            process.wait(60)


def wait_until(made: Deployed, path: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        assert process.poll() is None, "it ended"
        try:
            if made.ask("GET", path).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"{path} does not answer")


@pytest.fixture(scope="module")
def finished(deployed: Deployed) -> dict[str, Any]:
    """A run that was started from the deployment and has ended well."""
    started = deployed.start(movielens=str(deployed.movielens), enrich=False)
    assert started.status_code == 201, started.text
    run = deployed.finish(started.json()["id"])
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    return run


def test_the_page_of_a_run_shows_its_name_its_tasks_and_the_commands_lines(
    deployed: Deployed, finished: dict[str, Any], tmp_path: Path
) -> None:
    from flows.nightly import TITLES

    assert re.fullmatch(r"ml-latest-small \d{8}T\d{6}Z-[0-9a-f]{6}", finished["name"])
    with browser(tmp_path) as page:
        text = page.open(f"{deployed.url}/runs/flow-run/{finished['id']}", "publish done")
        page.picture(deployed.home / "pictures" / "logs.png")
        assert finished["name"] in text
        assert "Completed" in text
        for stage in ("ingest done", "build done", "publish done"):
            assert stage in text
        page.press("Task Runs")
        tasks = page.wait(r"10 Task runs[\s\S]*Write the report")
        page.picture(deployed.home / "pictures" / "tasks.png")
        for name in ("ingest", "build", "train", "evaluate", "promote", "publish", "report"):
            assert TITLES[name] in tasks


def test_its_artifacts_are_the_report_the_checks_and_the_progress(
    deployed: Deployed, finished: dict[str, Any], tmp_path: Path
) -> None:
    with browser(tmp_path) as page:
        page.open(f"{deployed.url}/runs/flow-run/{finished['id']}", "publish done")
        page.press("Artifacts")
        listed = page.wait("run-report")
        page.picture(deployed.home / "pictures" / "artifacts.png")
        assert "quality-checks" in listed
        assert "run-progress" in listed
        body = {"artifacts": {"key": {"any_": ["run-report"]}, "flow_run_id": {"any_": [finished["id"]]}}}
        (report,) = deployed.ask("POST", "/artifacts/filter", json=body).json()
        text = page.open(f"{deployed.url}/artifacts/artifact/{report['id']}", "Since the release before")
        page.picture(deployed.home / "pictures" / "report.png")
        for word in ("evaluate", "publish", "covisitation", "MLflow"):
            assert word in text
        assert text.count("promoted: ") == 1


def test_the_form_names_its_parameters_as_the_command_does(deployed: Deployed, tmp_path: Path) -> None:
    with browser(tmp_path) as page:
        text = page.open(f"{deployed.url}/deployments/deployment/{deployed.deployment['id']}/run", "movielens")
        page.picture(deployed.home / "pictures" / "form.png")
    for name in ("dataset", "movielens", "links", "enrich", "popular", "train", "replace"):
        assert name in text


@pytest.mark.parametrize("wrong", [{"popular": -5}, {"train": "sometimes"}, {"dataset": "ml-99m"}])
def test_the_form_refuses_what_the_command_refuses(deployed: Deployed, wrong: dict[str, Any]) -> None:
    answer = deployed.start(**wrong)
    assert answer.status_code == 409, answer.text
    assert next(iter(wrong)) in answer.text


def test_a_failure_is_one_message(deployed: Deployed, tmp_path: Path) -> None:
    started = deployed.start(movielens="/nowhere/ml.zip")
    run = deployed.finish(started.json()["id"])
    assert run["state_type"] == "FAILED"
    assert run["state"]["message"] == "movielens: /nowhere/ml.zip does not exist on the machine that runs this"
    with browser(tmp_path) as page:
        text = page.open(f"{deployed.url}/runs/flow-run/{run['id']}", "/nowhere/ml.zip")
        page.picture(deployed.home / "pictures" / "failed.png")
    assert "Traceback" not in text
    assert "Traceback" not in "\n".join(deployed.logs(run["id"]))
    output = (deployed.home / "deploy.txt").read_text(errors="replace")
    assert "Traceback" not in output
    assert "leaked" not in output


def test_the_deploy_terminal_says_nothing_but_what_is_served(deployed: Deployed, finished: dict[str, Any]) -> None:
    output = (deployed.home / "deploy.txt").read_text(errors="replace")
    assert finished["name"]
    assert "Traceback" not in output
    assert "leaked" not in output


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_of_the_command_that_is_stopped_is_cancelled_on_the_server(
    deployed: Deployed, finished: dict[str, Any], signum: int, code: int
) -> None:
    def running() -> list[str]:
        body = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
        return [run["id"] for run in deployed.ask("POST", "/flow_runs/filter", json=body).json()]

    assert running() == []
    command = [*PROGRAM, "run", "--movielens", str(deployed.movielens), "--no-enrich", "--train", "all"]
    with subprocess.Popen(
        command, env=deployed.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        end = time.monotonic() + 60
        while not (going := running()):
            assert time.monotonic() < end, "it never began"
            time.sleep(0.2)
        time.sleep(1)
        process.send_signal(signum)
        sent = time.monotonic()
        output = process.communicate(timeout=60)[1].decode()
    assert process.returncode == code, output
    assert time.monotonic() - sent < 3
    assert "interrupted; release " in output
    assert "Traceback" not in output
    assert [deployed.ask("GET", f"/flow_runs/{run}").json()["state_type"] for run in going] == ["CANCELLED"]
