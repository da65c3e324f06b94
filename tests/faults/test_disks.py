"""A disk that is full, at forty points of a run: an exit code, one line, and everything as it was before."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import tally
from tests.faults.conftest import House
from tests.faults.test_kills import RUN, next_run

pytestmark = pytest.mark.slow

POINTS = 40
ROOM = 128 << 20


@contextmanager
def small_disk(home: Path) -> Iterator[Path]:
    """Give a disk of its own, in memory; only root can make one."""
    home.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(home)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        pytest.skip("a disk of its own needs root and tmpfs")
    try:
        yield home
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)


def used(disk: Path) -> int:
    stat = os.statvfs(disk)
    return (stat.f_blocks - stat.f_bfree) * stat.f_frsize


class Watch(threading.Thread):
    """Sees how much of a disk is used at most."""

    def __init__(self, disk: Path) -> None:
        super().__init__(daemon=True)
        self.disk, self.most, self.over = disk, used(disk), False

    def run(self) -> None:
        while not self.over:
            self.most = max(self.most, used(self.disk))
            time.sleep(0.003)


def most_written(finished_house: House, disk: Path) -> int:
    """Return how much of a disk a run with room takes at most."""
    house = finished_house.copy(disk / "house")
    before, watch = used(disk), Watch(disk)
    watch.start()
    done = house.playbill(RUN)
    watch.over = True
    watch.join()
    shutil.rmtree(house.home)
    assert done.code == 0, done.err
    return watch.most - before


def fill_and_run(finished_house: House, disk: Path, free: int, *, run_again: bool) -> str | None:
    """Run with so many bytes free; return what is wrong, nothing if all is well, None if it had enough."""
    house = finished_house.copy(disk / "house")
    served, current, tables = house.served, house.current, house.tables
    with (disk / "filler").open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, ROOM - used(disk) - free)
    done = house.playbill(RUN)
    (disk / "filler").unlink()
    try:
        if done.code == 0:
            return None
        assert done.one_line, done.err[-1500:]
        assert "disk" in done.err, done.err
        assert done.left == []
        assert (house.current, house.served) == (current, served), "another release is served"
        assert house.tables == tables, "the data changed"
        assert house.faults() == []
        assert not run_again or next_run(house) == ""
    except AssertionError as error:
        return f"{free:,} bytes free: {error}"
    finally:
        shutil.rmtree(house.home)
    return ""


def test_a_disk_full_at_forty_points_of_a_run(finished_house: House, tmp_path: Path, hands: ThreadPoolExecutor) -> None:
    """Where a run has enough, as it has not always the same at one time, it is tried again with less."""
    with ExitStack() as until_done:
        disks = [until_done.enter_context(small_disk(tmp_path / str(number))) for number in range(2)]
        needed = most_written(finished_house, disks[0])

        def work(disk: Path, points: range) -> list[str]:
            wrongs = []
            for point in points:
                free = needed * point // POINTS
                while (wrong := fill_and_run(finished_house, disk, free, run_again=point % 5 == 0)) is None:
                    free = free * 9 // 10
                wrongs.append(wrong)
            return wrongs

        work_of_each = [hands.submit(work, disk, range(number, POINTS, 2)) for number, disk in enumerate(disks)]
        tally.count("a full disk", [wrong for done in work_of_each for wrong in done.result()])
