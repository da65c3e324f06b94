from __future__ import annotations

from pathlib import Path

import pytest

from serving.server import check_address, is_loopback, server_config
from tests.serving.conftest import settings_of
from warehouse.errors import ConfigError


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.5", False), ("api.example.org", False), ("localhost.example.org", False), ("", False)],
)  # fmt: skip
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_an_open_api_is_refused_to_the_network(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="PLAYBILL_SERVING__API_KEYS"):
        check_address(settings_of(tmp_path), "0.0.0.0")
    check_address(settings_of(tmp_path), "127.0.0.1")
    check_address(settings_of(tmp_path, api_keys="a-key"), "0.0.0.0")


def test_paths_are_not_logged_by_the_server(tmp_path: Path) -> None:
    config = server_config(settings_of(tmp_path), "127.0.0.1", 0)
    assert config.access_log is False
    assert config.http == "httptools"
