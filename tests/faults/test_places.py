"""Who may read what is written, whatever the umask; and folders whose names hold what SQL and globs take for signs."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.faults.conftest import House

pytestmark = pytest.mark.slow

ODD = "[a] * 'b' year=2020 ü"  # a question mark is too much for DuckDB, which puts its log's .wal before it


def modes_of(home: Path) -> dict[str, str]:
    """Return the modes that let anybody else in."""
    paths = [home, *home.rglob("*")]
    modes = {str(path.relative_to(home)): path.stat().st_mode for path in paths if not path.is_symlink()}
    return {name: stat.filemode(mode) for name, mode in modes.items() if mode & 0o077}


def test_everything_is_for_this_user_alone_under_umask_000(finished_house: House, tmp_path: Path) -> None:
    house = House(tmp_path / "open", finished_house.forks, finished_house.tmdb)
    house.movielens.parent.mkdir(mode=0o700)
    house.movielens.symlink_to(finished_house.movielens)
    house.umask = 0
    for command in ("run --movielens {set}", "forget ml_3 --yes", "sql COPY"):
        house.playbill(command)
    assert house.releases
    assert modes_of(house.data) == {}
    assert modes_of(house.home / "mlruns") == {}


def test_a_folder_with_signs_in_its_name(finished_house: House, tmp_path: Path) -> None:
    house = finished_house.copy(tmp_path / ODD)
    expected = json.loads(finished_house.playbill("recommend ml_1 --json").out)["recommendations"]
    for command in ("run --movielens {set}", "releases --verify", "forget ml_4 --yes", "publish", "diff", "rollback"):
        done = house.playbill(command)
        assert done.code == 0, f"{command}: {done.err}"
    assert json.loads(house.playbill("recommend ml_1 --json").out)["recommendations"] == expected
    assert house.faults() == []
    assert house.litter == []
