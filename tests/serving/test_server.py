from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from flows.cli.app import app
from flows.cli.doctor import examine
from serving.exposure import check_exposure, exposure_problem, is_loopback
from serving.server import server_config
from tests.serving.conftest import Api, running, settings_of
from tests.serving.process import served
from tests.serving.releases import publish_release
from warehouse.errors import ConfigError

KEY = "a-key-of-24-characters-!"
URL = "https://project.supabase.example"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("192.168.1.5", False), ("api.example.org", False), ("localhost.example.org", False), ("", False)],
)  # fmt: skip
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("keys", "url", "secret", "elsewhere"),
    [("", None, None, False), (KEY, None, None, True), ("", URL, None, False), ("", URL, "sb_secret_x", True),
     (KEY, URL, None, True)],
)  # fmt: skip
def test_serve_and_doctor_have_one_rule(
    tmp_path: Path, keys: str, url: str | None, secret: str | None, elsewhere: bool
) -> None:
    settings = settings_of(tmp_path, api_keys=keys, host="0.0.0.0")
    settings = settings.model_copy(update={"supabase_url": url, "supabase_key": SecretStr(secret) if secret else None})
    assert (exposure_problem(settings, "0.0.0.0") is None) is elsewhere
    assert exposure_problem(settings, "127.0.0.1") is None
    told = next(finding for finding in examine(settings) if finding.about == "API")
    assert (told.state != "problem") is elsewhere


def test_an_open_api_is_refused_to_the_network_by_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUPABASE_URL", URL)
    refused = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "28123"])
    assert isinstance(refused.exception, ConfigError)
    assert "SUPABASE_SECRET_KEY" in str(refused.exception)


@pytest.mark.parametrize("keys", ["short", f"{KEY},fifteen-letters"])
def test_a_key_that_can_be_guessed_is_refused_at_the_start(tmp_path: Path, keys: str) -> None:
    with pytest.raises(ConfigError, match="fewer than 16"):
        check_exposure(settings_of(tmp_path, api_keys=keys), "127.0.0.1")
    check_exposure(settings_of(tmp_path, api_keys=KEY), "127.0.0.1")


def test_paths_are_not_logged_by_the_server(tmp_path: Path) -> None:
    config = server_config(settings_of(tmp_path), "127.0.0.1", 0)
    assert config.access_log is False
    assert config.guarded.limits.connections <= 1000


HOSTS = [
    ("localhost", 200), ("localhost:8000", 200), ("127.0.0.1:1", 200), ("[::1]:8000", 200), ("LOCALHOST", 200),
    ("evil.example", 421), ("evil.example:8000", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421),
    ("", 421), ("169.254.169.254", 421), ("0.0.0.0", 421),
]  # fmt: skip


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_a_name_of_somebody_elses_does_not_reach_the_open_api(api: Api, host: str, status: int) -> None:
    assert api.get("/recommendations/ml_1", headers={"Host": host}).status_code == status


def test_with_keys_the_name_is_whatever_the_proxy_calls_it(tiny_data: Path) -> None:
    with running(settings_of(tiny_data, api_keys=KEY)) as api:
        headers = {"Host": "films.example.org", "X-API-Key": KEY}
        assert api.get("/recommendations/ml_1", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/recommendations/ml_1", "/movies/popular", "/health", "/nothing", "/recommend?liked=11"]
)
def test_head_answers_like_get_without_the_body(api: Api, path: str) -> None:
    got, head = api.get(path), api.request("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    changing = {"x-request-id", "date"}
    if path == "/health" or "liked" in path:  # these hold the time, which packs to more bytes or fewer
        changing.add("content-length")
    assert {name: value for name, value in head.headers.items() if name not in changing} == {
        name: value for name, value in got.headers.items() if name not in changing
    }


@pytest.mark.slow
def test_workers_go_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, access_log=False)
    publish_release(settings.folder)
    with served(settings, workers=2) as running_api:
        workers = running_api.children()
        assert len(workers) >= 2
        running_api.process.kill()
        deadline = time.monotonic() + 20
        while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [pid for pid in workers if alive(pid)] == []
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{running_api.url}/health")


@pytest.mark.slow
def test_workers_that_are_slow_to_start_are_waited_for(tmp_path: Path) -> None:
    publish_release(settings_of(tmp_path).folder)
    with served(settings_of(tmp_path), workers=2, worker_start_seconds=7) as running_api:
        first = running_api.children()
        assert httpx.get(f"{running_api.url}/recommendations/ml_1").status_code == 200
        time.sleep(1)
        assert running_api.children() == first  # none was taken for dead and started anew


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
