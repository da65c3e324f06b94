"""Shards over processes: the same lists as in one go, whatever dies on the way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.engine import local
from pipelines.engine.local import rank_everybody
from pipelines.films.films import Films
from pipelines.lists.rank import Ranker
from pipelines.lists.shard import rank_shard
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories
from pipelines.people.reader import People
from pipelines.progress import reporting
from warehouse.errors import ModelError

N_PEOPLE = 240
FILMS = Films(np.arange(100, 160, dtype=np.int64))


def everybody() -> People:
    rng = np.random.default_rng(1)
    users, items = np.nonzero(rng.random((N_PEOPLE, len(FILMS))) < 0.2)
    stars = rng.choice([2.0, 3.5, 5.0], len(users))
    histories = Histories.from_columns(users, items, stars, rng.permutation(len(users)), N_PEOPLE)
    names = [f"ml_{number:03}" for number in range(N_PEOPLE)]
    return People(names, histories, FILMS.movie_ids, pa.nulls(len(users), pa.string()))


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Path]:
    people = everybody()
    histories = people.histories_in(FILMS)
    for kind in (CovisitationModel, PopularityModel):
        kind().fit(histories, FILMS).save(tmp_path / kind.name)
    return tmp_path / "covisitation", tmp_path / "popularity"


def in_one_go(saved: tuple[Path, Path]) -> pa.Table:
    ranker = Ranker.of(CovisitationModel.load(saved[0]), PopularityModel.load(saved[1]), FILMS)
    return pa.Table.from_batches([rank_shard(ranker, everybody(), length=8, explained=3)])


class Heard:
    """Keeps what progress was reported."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float, float | None]] = []

    def update(self, what: str, done: float, total: float | None) -> None:
        self.steps.append((what, done, total))

    def stage(self, *_: object) -> None:
        """Stages are none of this room's."""


@pytest.mark.parametrize("shard_people", [1000, 80, 7])
def test_shards_are_the_whole_in_order(saved: tuple[Path, Path], tmp_path: Path, shard_people: int) -> None:
    heard = Heard()
    with reporting(heard):
        files = rank_everybody(
            *saved, everybody(), FILMS, tmp_path / "out", length=8, explained=3, processes=1, shard_people=shard_people
        )
    assert len(files) == -(-N_PEOPLE // shard_people)
    assert pa.concat_tables([pq.read_table(file) for file in files]).equals(in_one_go(saved))
    assert heard.steps[-1] == ("rank people", N_PEOPLE, N_PEOPLE)
    assert all(total == N_PEOPLE for _, _, total in heard.steps)


def test_nobody_makes_no_shard(saved: tuple[Path, Path], tmp_path: Path) -> None:
    nobody = People([], everybody().histories.take([]), FILMS.movie_ids, pa.nulls(0, pa.string()))
    assert rank_everybody(*saved, nobody, FILMS, tmp_path / "out", length=8, explained=3) == []


@pytest.mark.slow
def test_processes_give_the_same_and_a_killed_ones_shard_is_done_again(
    saved: tuple[Path, Path], tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_one() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            if list((tmp_path / "out").glob("shard-*.parquet")):
                for child in multiprocessing.active_children()[:1]:
                    os.kill(child.pid or 0, signal.SIGKILL)
                    killed.append(child.pid or 0)
            time.sleep(0.005)

    killer = threading.Thread(target=kill_one)
    killer.start()
    files = rank_everybody(
        *saved, everybody(), FILMS, tmp_path / "out", length=8, explained=3, processes=2, shard_people=2
    )
    killer.join()
    assert killed
    assert pa.concat_tables([pq.read_table(file) for file in files]).equals(in_one_go(saved))


@pytest.mark.slow
def test_a_shard_that_always_fails_ends_the_ranking_with_its_reason(
    saved: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "FEW_SHARDS", 0)
    (saved[0] / "counts_.data.npy").unlink()
    with pytest.raises(ModelError, match=r"shard-0000. could not be ranked 3 times .*not a whole saved model"):
        rank_everybody(*saved, everybody(), FILMS, tmp_path / "out", length=8, explained=3, processes=2)


KILLED_HALF_WAY = """
import multiprocessing, os, signal, sys
from pathlib import Path
from pipelines.progress import reporting
from pipelines.engine.local import rank_everybody
from tests.pipelines.engine.test_local import FILMS, everybody

class Killer:
    def stage(self, *_): pass
    def update(self, what, done, total):
        if done:
            print(*(child.pid for child in multiprocessing.active_children()), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    model, popularity, out = map(Path, sys.argv[1:])
    with reporting(Killer()):
        rank_everybody(model, popularity, everybody(), FILMS, out, length=8, explained=3, processes=2, shard_people=2)
"""


@pytest.mark.slow
def test_no_process_outlives_a_ranking_that_is_killed(saved: tuple[Path, Path], tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED_HALF_WAY)
    done = subprocess.run(
        [sys.executable, str(script), *map(str, saved), str(tmp_path / "out")],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    children = [int(pid) for pid in done.stdout.split()]
    assert len(children) == 2
    assert [pid for pid in children if _lives(pid, seconds=10)] == []


def _lives(pid: int, seconds: float) -> bool:
    """Tell whether a process is still there after some seconds."""
    stat, deadline = Path(f"/proc/{pid}/stat"), time.monotonic() + seconds
    while stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z":
        if time.monotonic() > deadline:
            return True
        time.sleep(0.02)
    return False
