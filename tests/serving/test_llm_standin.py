"""The API in front of a stand-in of an LLM: well, with faults, slow and down; none of them may cost a list."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.settings_llm import LlmSettings
from tests.serving.conftest import Api, running, settings_of

pytestmark = pytest.mark.slow

STANDIN = Path(__file__).resolve().parents[3] / "shared" / "standins" / "llm.py"
KEY = "sk-standin-000000000000"
WISHES = [f"{genre} film number {number}" for number in range(12) for genre in ("a romance", "a comedy", "no horror")]


@contextmanager
def standin(*options: str) -> Iterator[int]:
    """Run the stand-in and yield its port; skips without ../shared."""
    if not STANDIN.exists():
        pytest.skip("the LLM's stand-in is not in ../shared/standins")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen([sys.executable, str(STANDIN), "--port", str(port), *options], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield port
    finally:
        process.kill()
        process.communicate()


@contextmanager
def api_before(port: int, data_dir: Path, **llm: Any) -> Iterator[Api]:
    settings = settings_of(data_dir)
    ours = LlmSettings.model_validate(
        {"base_url": f"http://127.0.0.1:{port}/v1", "model": "standin-small", "key": KEY, **llm}
    )
    with running(settings.model_copy(update={"llm": ours})) as api:
        yield api


def wish(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post("/recommend", json={"limit": 4, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert len({item["movie_id"] for item in found["recommendations"]}) == 4
    return found


def test_it_reads_explains_and_never_hears_who_asks(tiny_data: Path) -> None:
    with standin("--latency", "0") as port, api_before(port, tiny_data) as api:
        body = wish(api, query="a Comedy please", user_id="ml_1")
        assert (body["read_by"], [piece["value"] for piece in body["understood"]]) == ("llm", ["Comedy"])
        assert [row["movie_id"] for row in body["explanations"]] == [row["movie_id"] for row in body["recommendations"]]
        assert all(row["text"] for row in body["explanations"])
        sent = httpx.get(f"http://127.0.0.1:{port}/__last").text
        assert "Alien" not in sent  # rated by ml_1
        assert "ml_1" not in sent


@pytest.mark.parametrize("options", [("--faults", "1"), ("--faults", "0.4"), ("--latency", "20")])
def test_faults_cost_no_list_and_no_more_than_the_time_allowed(
    options: tuple[str, ...], tiny_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        standin("--latency", "0", "--slow", "20", *options) as port,
        api_before(port, tiny_data, timeout_seconds=0.5) as api,
    ):
        for text in WISHES:
            started = time.monotonic()
            assert wish(api, query=text)["strategy"] in ("live", "popularity_fallback")
            assert time.monotonic() - started < 5
    assert KEY not in caplog.text


def test_down_it_is_the_built_in_reader(tiny_data: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with api_before(int(bound.getsockname()[1]), tiny_data) as api:
            for text in WISHES:
                assert wish(api, query=text)["read_by"] == "built_in"


def test_it_is_off_by_default(tiny_data: Path) -> None:
    with running(settings_of(tiny_data)) as api:
        assert api.context.llm is None
        assert (wish(api, query="space")["read_by"], wish(api, query="space")["explanations"]) == ("built_in", [])
