"""Everybody's lists on one machine: processes over shards of people, each shard a Parquet file.

The processes share the models' memory-mapped arrays; each computes on one thread, so that they do not fight over cores;
what one holds besides is bounded by the shard. A shard that fails, or whose process is killed, is done again alone.

    files = rank_everybody(model_folder, popularity_folder, people, films, scratch, length=50, explained=10)
    lists = pq.read_table(files)          # user_id ascending, as people.user_ids
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from threadpoolctl import threadpool_limits

from pipelines.blend.one_pass import warm_up
from pipelines.engine.handed import Handed, spill, write_shard
from pipelines.films.films import Films
from pipelines.lists.rank import Ranker
from pipelines.lists.shard import rank_shard
from pipelines.people.reader import People
from pipelines.processes import die_with_parent
from pipelines.progress import step
from warehouse.errors import ModelError, PlaybillError

log = logging.getLogger(__name__)

SHARD_PEOPLE = 2_000
ATTEMPTS = 3
"""Times that a shard is tried before the ranking is given up."""
FEW_SHARDS = 3
"""So few are ranked by this process sooner than others would have started."""

_kept: dict[Handed, Ranker] = {}


def rank_everybody(
    model: Path,
    popularity: Path,
    people: People,
    films: Films,
    scratch: Path,
    *,
    length: int,
    explained: int,
    processes: int = 0,
    shard_people: int = SHARD_PEOPLE,
) -> list[Path]:
    """Rank everybody's films and return the shards' files, whose rows are in the order of ``people.user_ids``.

    Parameters
    ----------
    model, popularity : Path
        Folders that `Model.save` wrote.
    scratch : Path
        A folder that is made here; the caller removes it with the files.
    processes : int
        0 takes one a core.

    Raises
    ------
    ModelError
        If a shard cannot be ranked; what it failed of is named.
    """
    handed = Handed(model, popularity, spill(people, films, scratch / "people"), length, explained)
    n_people = len(people.user_ids)
    shards = {
        scratch / f"shard-{number:05}.parquet": (start, min(start + shard_people, n_people))
        for number, start in enumerate(range(0, n_people, shard_people))
    }
    processes = processes or len(os.sched_getaffinity(0))
    if len(shards) <= FEW_SHARDS or processes == 1:
        for done, (path, (start, stop)) in enumerate(shards.items()):
            step("rank people", shard_people * done, n_people)
            _rank(handed, path, start, stop)
        _kept.clear()
    else:
        warm_up()  # once, before each process would
        _share_out(handed, shards, n_people, min(processes, len(shards)))
    step("rank people", n_people, n_people)
    return list(shards)


def _rank(handed: Handed, path: Path, start: int, stop: int) -> int:
    """Rank a shard into its file and return how many people it held; the ranker is kept for the next one."""
    if handed not in _kept:
        _kept.clear()
        _kept[handed] = handed.ranker()
    batch = rank_shard(_kept[handed], handed.shard(start, stop), length=handed.length, explained=handed.explained)
    write_shard(batch, path)
    return stop - start


def _share_out(handed: Handed, shards: dict[Path, tuple[int, int]], n_people: int, processes: int) -> None:
    """Have processes rank the shards; those that a dead process leaves behind are tried again by new ones."""
    waiting, tried, done = dict(shards), dict.fromkeys(shards, 0), 0
    while waiting:
        with ProcessPoolExecutor(
            processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(os.getpid(),)
        ) as pool:
            running: dict[Future[int], Path] = {}
            broken = False
            try:
                while (waiting or running) and not broken:
                    # as many as there are hands: when a process dies, few shards are under suspicion
                    while waiting and len(running) < processes:
                        path = next(iter(waiting))
                        start, stop = waiting.pop(path)
                        running[pool.submit(_rank, handed, path, start, stop)] = path
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        path = running.pop(future)
                        try:
                            done += future.result()
                            step("rank people", done, n_people)
                        except (BrokenProcessPool, OSError, ValueError, ArithmeticError, PlaybillError) as error:
                            broken = broken or isinstance(error, BrokenProcessPool)
                            tried[path] = _count(path, tried[path] + 1, error)
                            waiting[path] = shards[path]
            finally:
                waiting.update({path: shards[path] for path in running.values()})
                pool.shutdown(wait=not broken, cancel_futures=True)


def _count(path: Path, attempts: int, error: Exception) -> int:
    """Return how often a shard was tried; raises when that is too often."""
    log.warning("shard failed shard=%s attempt=%d of=%d reason=%s", path.stem, attempts, ATTEMPTS, error)
    if attempts >= ATTEMPTS:
        raise ModelError(
            f"{path.stem} could not be ranked {attempts} times ({error or type(error).__name__}); "
            "publish again, with fewer processes if memory ran out"
        ) from error
    return attempts


def _begin(parent: int) -> None:
    """Leave the other cores to the other processes, and no process behind when the publish is killed."""
    die_with_parent(parent)
    threadpool_limits(1)
