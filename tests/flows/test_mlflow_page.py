"""MLflow's own page in a browser: its first screen says which model is served, how good it is, and against what."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipelines.settings import Settings
from tests.browser import browser
from tests.conftest import SetMaker
from tests.flows.conftest import Invoke
from tests.flows.test_chain import call
from tests.flows.test_doctor import free_port
from warehouse.store import ReleaseStore

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture
def pages(invoke: Invoke, make_set: SetMaker) -> Iterator[str]:
    """The address that `playbill mlflow` prints, after a model was promoted and another refused."""
    call(invoke, "ingest", "--movielens", str(make_set()))
    call(invoke, "build")
    call(invoke, "train", "covisitation")
    call(invoke, "publish")
    call(invoke, "train", "popularity")
    call(invoke, "publish")
    program = "import sys; from flows.cli import main; sys.argv[0] = 'playbill'; main()"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "mlflow", "--port", str(free_port())], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )  # fmt: skip
    try:
        assert server.stdout is not None
        (address,) = re.findall(r"http://\S+", server.stdout.readline())
        wait_for(address.partition("#")[0])
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=60)
        with pytest.raises(httpx.TransportError):  # nothing of it is left
            httpx.get(address.partition("#")[0])


def test_the_first_screen_answers_what_is_served(pages: str, run_settings: Settings, tmp_path: Path) -> None:
    facts = ReleaseStore(run_settings.folder).current().manifest
    value = facts["metrics"]["next.ndcg"]
    with browser(tmp_path) as page:
        words = page.open(pages, "covisitation promoted", 180)
        first_line = next(line for line in words.splitlines() if line.startswith("Served: covisitation"))
        assert f"nDCG@10 {value:.4f} (" in first_line
        assert re.search(
            r"popularity has 0\.\d{4}; \+0\.\d{4} \(\+0\.\d{4} to \+0\.\d{4}\) against popularity\.", first_line
        )
        assert f"Release {facts['release_id']} (arrays of release {facts['arrays_from']})" in words
        assert "The newest decision: refused: popularity does not beat covisitation for certain" in words
        # what came of each training is in its row, with its figure, the newest on top
        names = [words.index(f"{name}\n") for name in ("popularity not promoted", "covisitation promoted")]
        assert names == sorted(names)
        table = words.partition("next.ndcg_at_10")[2]
        assert str(value)[:8] in table
        assert facts["release_id"] in table
        page.press("covisitation promoted")
        words = page.wait("Child runs", 60)
        assert "promoted: covisitation beats popularity by" in words
        assert "playbill train" in words
        assert "figures.csv" in page.open(str(page.run("location.href")).partition("?")[0] + "/artifacts", "plots", 60)
        versions = page.open(pages.partition("#")[0] + "#/models/playbill", "champion-ml-latest-small", 60)
        assert "challenger-ml-latest-small" in versions
        assert "promoted: covisitation" in versions  # as it is, without mark-up


def test_a_tracking_server_is_opened_on_the_same_page(
    pages: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", pages.partition("/#")[0])
    assert call(invoke, "mlflow").split()[-1] == pages
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    code, text = invoke("mlflow")
    assert code == 2
    assert "does not answer" in text


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
