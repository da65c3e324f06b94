"""A data folder with one release of the small set, and the command as a process of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import small_set

STAGES = ("ingest --movielens {movielens}", "build", "train", "evaluate", "promote", "publish")
DRIVER = """
import sys
from flows.cli.app import run_command
for words in sys.argv[1:]:
    sys.argv = ["playbill", *words.split(" ")]
    code = run_command()
    if code:
        sys.stdout.flush(); sys.stderr.flush()
        import os; os._exit(code)
"""
"""Several commands in one process, up to the first that fails."""


class House:
    """One data folder, and what a person does with it."""

    def __init__(self, home: Path, movielens: Path) -> None:
        self.home, self.data, self.movielens = home, home / "data", movielens

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
        own = {
            "PLAYBILL_DATA_DIR": str(self.data),
            "PLAYBILL_MLRUNS_DIR": str(self.home / "mlruns"),
            "PLAYBILL_TRAINING__MODELS": '["popularity", "covisitation"]',
            "PLAYBILL_TRAINING__PUBLISHED": "covisitation",
            "PLAYBILL_TRAINING__PROTOCOLS": '["next"]',
            "PLAYBILL_LOG_LEVEL": "ERROR",
        }
        return {**kept, **own}

    def playbill(self, *commands: str, driver: str = DRIVER) -> subprocess.CompletedProcess[str]:
        words = [command.format(movielens=self.movielens) for command in commands]
        return subprocess.run(
            [sys.executable, "-c", driver, *words],
            env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    @property
    def served(self) -> Mapping[str, str]:
        """The hash of every file of the served release."""
        release_id = (self.data / "releases" / "CURRENT").read_text().strip()
        home = self.data / "releases" / release_id
        return {
            str(path.relative_to(self.data)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(home.rglob("*"))
            if path.is_file()
        }

    @property
    def litter(self) -> list[str]:
        return [str(path) for path in self.data.rglob(".*.tmp*") if "prefect" not in path.parts]


@pytest.fixture(scope="session")
def finished_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house in which all stages have run once; tests take a copy."""
    home = tmp_path_factory.mktemp("house")
    set_home = home / "ml-latest-small"
    set_home.mkdir()
    for name, text in small_set().items():
        (set_home / name).write_text(text)
    house = House(home, set_home)
    done = house.playbill(*STAGES)
    assert done.returncode == 0, done.stderr
    return house


@pytest.fixture
def house(finished_house: House, tmp_path: Path) -> Iterator[House]:
    """A copy of the finished house."""
    home = tmp_path / "copy"
    shutil.copytree(finished_house.home, home, symlinks=True)
    yield House(home, finished_house.movielens)
