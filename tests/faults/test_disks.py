"""A disk that is full, at forty points of a run: an exit code, one line, and everything as it was before."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tally
from tests.faults.conftest import STAGES, House

pytestmark = pytest.mark.slow

POINTS = 40
ROOM = 256 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, in memory; only root can make one."""
    home = tmp_path / "disk"
    home.mkdir()
    made = shutil.which("mount") and os.geteuid() == 0
    if (
        not made
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(home)], check=False).returncode
    ):
        pytest.skip("a disk of its own needs root and tmpfs")
    yield home
    subprocess.run(["umount", "-l", str(home)], check=True)


def used(home: Path) -> int:
    stat = os.statvfs(home)
    return (stat.f_blocks - stat.f_bfree) * stat.f_frsize


def test_a_disk_full_at_forty_points_of_a_run(finished_house: House, small_disk: Path) -> None:
    house = House(small_disk / "house", finished_house.movielens)
    shutil.copytree(finished_house.home, house.home, symlinks=True)
    before, filler = used(small_disk), small_disk / "filler"
    # how much a run writes at most, seen by a run with room
    done = house.playbill(*STAGES)
    assert done.returncode == 0, done.stderr
    needed, lost = max(used(small_disk) - before, 1 << 20), []
    for point in range(POINTS):
        shutil.rmtree(house.home)
        shutil.copytree(finished_house.home, house.home, symlinks=True)
        served, built = house.served, (house.data / "lake" / "interactions.parquet").read_bytes()
        free = needed * point // POINTS
        filler.write_bytes(b"")
        with filler.open("wb") as handle:
            handle.truncate(0)
            os.posix_fallocate(handle.fileno(), 0, ROOM - used(small_disk) - free)
        done = house.playbill(*STAGES)
        filler.unlink()
        try:
            with tally.attempt("a full disk"):
                assert "Traceback" not in done.stderr, done.stderr[-1500:]
                if done.returncode == 0:
                    continue  # it had enough
                assert len([line for line in done.stderr.splitlines() if line.startswith("playbill: ")]) == 1
                assert house.served == served
                assert (house.data / "lake" / "interactions.parquet").read_bytes() == built
        except AssertionError as error:
            lost.append(f"{free:,} bytes free: {error}")
    assert not lost, "\n".join(lost)
