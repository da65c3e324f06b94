"""A data folder with a trained hybrid, for the benchmarks that publish it: made once, used again where it is kept."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.movielens_like import Shape
from pipelines.jobs.build import build
from pipelines.jobs.handover import Measured, Ranking
from pipelines.jobs.ingest import ingest
from pipelines.jobs.train import train
from pipelines.runs import has_trained, new_run_id, workbench
from pipelines.settings import Settings


def settings_of(home: Path) -> Settings:
    """Return the settings of a data folder under ``home``, whatever ``.env`` says."""
    return Settings(data_dir=home / "data", mlruns_dir=home / "mlruns")


def shape_of(share: float, films: int | None = None) -> Shape:
    """Return a share of MovieLens 32M's people, ratings and tags; all its films unless their number is given."""
    whole = Shape()
    people, ratings, tags = (int(n * share) for n in (whole.people, whole.ratings, whole.tags))
    return Shape(ratings, people, films or whole.films, tags)


def prepare(settings: Settings, make_zip: Callable[[], Path], *, learn: bool = True) -> str:
    """Ingest, build and train, unless that was done, and name the hybrid the winner without asking the gate.

    Parameters
    ----------
    make_zip : callable
        Gives the set; called where nothing is trained yet.
    learn : bool
        Whether the weights are learned, which may drop channels; if not, they are those of the recipe that ships.

    Returns
    -------
    str
        The run whose workbench holds the hybrid.
    """
    if not has_trained(settings.folder):
        run_id = new_run_id()
        ingest(settings, run_id, movielens=make_zip())
        build(settings, run_id)
        train(settings, run_id, models=("hybrid",), overrides=None if learn else {"hybrid": {"channels": []}})
    bench = workbench(settings.folder)
    if not learn and bench.read("train", "train")["lessons"]:
        sys.exit(f"{settings.folder.root} holds learned weights: give another folder for the shipped ones")
    Measured().write(bench)
    Ranking("hybrid", None, []).write(bench)
    return bench.run_id


class Stages:
    """A progress reporter that keeps how long each step took and how much memory it needed at most.

    Memory is the proportional share (PSS) of this process and its children, looked at twice a second.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float | str]] = []
        self._name, self._since, self._peak = "begin", time.monotonic(), 0.0
        self._stop, self._thread = threading.Event(), threading.Thread(target=self._watch)

    def __enter__(self) -> Stages:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._end()

    def stage(self, name: str, number: int, of: int) -> None:
        """Begin another job."""
        self.update(name, 0, None)

    def update(self, what: str, done: float, total: float | None) -> None:
        """Begin another step where the name is another one."""
        if what != self._name:
            self._end()
            self._name, self._since, self._peak = what, time.monotonic(), 0.0

    def _end(self) -> None:
        peak = max(self._peak, memory_gb())
        seconds = round(time.monotonic() - self._since, 1)
        self.rows.append({"stage": self._name, "seconds": seconds, "peak_gb": round(peak, 2)})

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self._peak = max(self._peak, memory_gb())


def memory_gb(process: str = "self") -> float:
    """Return the proportional share of memory of a process and all its children, in GB."""
    total, waiting = 0, [process]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
            total += int(text.split("\nPss:")[1].split()[0])
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += (task / "children").read_text(encoding="ascii").split()
    return total / 1e6
