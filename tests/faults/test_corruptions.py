"""Every file that a run reads, damaged in four ways: refused with one line, or healed; never exit 0 on a failure."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests import tally
from tests.faults.conftest import STAGES, House

pytestmark = pytest.mark.slow

HOWS = ("truncated", "emptied", "flipped", "garbage")


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "truncated": content[:middle],
            "emptied": b"",
            "flipped": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :] if content else b"",
            "garbage": b"\xff\x00garbage" * 50,
        }[how]
    )


def files_of(data: Path) -> list[Path]:
    """Return the files of the lake, its ledgers, the build and the served release, as paths in the data folder."""
    homes = (data / "lake", data / "builds", data / "releases")
    return sorted(p.relative_to(data) for home in homes for p in home.rglob("*") if p.is_file() and not p.is_symlink())


def told_in_one_line(stderr: str) -> bool:
    lines = [line for line in stderr.splitlines() if line.startswith("playbill: ")]
    return len(lines) == 1 and "Traceback" not in stderr


@pytest.mark.parametrize("how", HOWS)
def test_every_file_damaged(finished_house: House, tmp_path: Path, how: str) -> None:
    """The stages that read what was built and released go first; then a whole run, which heals."""
    lost = []
    lists = finished_house.playbill("recommend ml_1 --json")
    expected = json.loads(lists.stdout)["recommendations"]
    for number, name in enumerate(files_of(finished_house.data)):
        home = tmp_path / str(number)
        shutil.copytree(finished_house.home, home, symlinks=True)
        house = House(home, finished_house.movielens)
        damage(house.data / name, how)
        try:
            with tally.attempt(f"corruption: {how}"):
                again = house.playbill("build", "train", "evaluate", "promote", "publish")
                assert again.returncode == 0 or told_in_one_line(again.stderr), again.stderr
                if again.returncode:
                    healed = house.playbill(*STAGES)
                    assert healed.returncode == 0 or told_in_one_line(healed.stderr), healed.stderr
                shown = house.playbill("recommend ml_1 --json")
                if shown.returncode == 0:
                    assert json.loads(shown.stdout)["recommendations"] == expected
                else:
                    assert told_in_one_line(shown.stderr), shown.stderr
        except AssertionError as error:
            lost.append(f"{name}: {str(error)[:400]}")
        shutil.rmtree(home)
    assert not lost, "\n".join(lost)
