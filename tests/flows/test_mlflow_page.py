"""MLflow's own page in a browser: its first screen says which model is served, how good it is, and against what."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from pipelines.settings import Settings
from tests.conftest import SetMaker
from tests.flows.conftest import Invoke
from tests.flows.test_chain import call
from tests.flows.test_doctor import free_port
from warehouse.store import ReleaseStore

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


def test_the_first_screen_answers_what_is_served(
    invoke: Invoke, make_set: SetMaker, run_settings: Settings, tmp_path: Path
) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here")
    call(invoke, "ingest", "--movielens", str(make_set()))
    call(invoke, "build")
    call(invoke, "train", "covisitation")
    call(invoke, "publish")
    release = ReleaseStore(run_settings.folder).current()
    program = "import sys; from flows.cli import main; sys.argv[0] = 'playbill'; main()"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "mlflow", "--port", str(free_port())], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}, start_new_session=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        (address,) = re.findall(r"http://\S+", line)
        wait_for(address.partition("#")[0])
        command = [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1600,1000", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            "--virtual-time-budget=60000", "--dump-dom", address,
        ]  # fmt: skip
        page = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180).stdout
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)
    words = re.sub(r"<[^>]*>", " ", page)
    value = release.manifest["metrics"]["next.ndcg"]
    assert f"Served: covisitation , nDCG@10 {value:.4f}" in " ".join(words.split())
    assert "against popularity" in words
    assert "covisitation promoted" in words
    assert f"{value:.5f}"[:-1] in words.partition("covisitation promoted")[2]  # in its row of the table
    assert "next.ndcg_at_10" in words
    assert release.release_id in words


def wait_for(url: str) -> None:
    """Return when MLflow answers."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError("MLflow did not answer within three minutes")
