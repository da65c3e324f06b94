"""A process that has loaded all of Playbill and forks a child for every command, so that a try costs no imports.

It reads one request a line from standard input (`Request` as JSON) and answers with two lines: the child's pid when it
has started, and its exit status when it has ended. It never opens a database itself and has no threads, so that a child
is what a fresh process would be.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STEPS: tuple[tuple[Any, str], ...] = (
    (os, "fsync"),
    (os, "rmdir"),
    (os, "unlink"),
    *(
        (Path, name)
        for name in ("rename", "replace", "symlink_to", "hardlink_to", "write_text", "unlink", "mkdir", "chmod")
    ),
)
"""The calls at which something on the disk changes: the moments at which a command is killed."""
MODULES = (
    "flows.main_job", "flows.cli.app", "flows.cli.run", "flows.cli.stages", "flows.cli.evaluate", "flows.cli.forget",
    "flows.cli.lists", "flows.cli.releases", "flows.cli.serve", "flows.cli.query",
    "serving.server", "mlflow", "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.artifact.local_artifact_repo",
    "pipelines.jobs.enrich_run", "pipelines.jobs.forget", "pyarrow.parquet", "scipy.sparse.linalg", "numba", "implicit",
    "mlflow.store.model_registry.sqlalchemy_store", "sqlalchemy.dialects.sqlite", "bm25s", "Stemmer", "alembic.command",
    "multiprocessing.synchronize", "uvicorn.loops.uvloop", "uvloop", "httptools",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One process: commands one after another up to the first that fails.

    Attributes
    ----------
    output : str
        A path; standard output goes to it with ``.out``, standard error with ``.err``.
    kill_at : int
        The step before which the process kills itself, counted from 1; 0 never.
    ahead_days : int
        How far its clock is ahead; below 0 behind.
    """

    commands: list[list[str]]
    environment: dict[str, str]
    output: str
    kill_at: int = 0
    ahead_days: int = 0
    umask: int = 0o022


def main() -> None:
    """Answer requests until standard input ends."""
    from importlib import import_module

    for name in MODULES:
        import_module(name)
    _load_kernels()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    print("ready", file=answers)
    while line := sys.stdin.readline():
        request = Request(**json.loads(line))
        child = os.fork()
        if child == 0:
            os._exit(_work(request))
        print(child, file=answers)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers)


def _load_kernels() -> None:
    """Load compiled code by using it once; the threads that this takes have ended when it returns."""
    import numpy as np

    from pipelines.blend.one_pass import warm_up
    from pipelines.films.films import Films
    from pipelines.models import covisitation
    from pipelines.people.history import Histories

    histories = Histories.from_columns(
        np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([4.0, 3.0, 5.0]), np.array([1, 2, 3]), 2
    )
    covisitation.CovisitationModel().fit(histories, Films(np.array([10, 20], dtype=np.int64)))
    warm_up()


def _work(request: Request) -> int:
    os.setsid()
    os.umask(request.umask)
    parent_dies(signal.SIGKILL)
    for handle, name in ((1, ".out"), (2, ".err")):
        file = os.open(request.output + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, handle)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(request.environment)
    if request.ahead_days:
        _set_clock(request.ahead_days)
    Path(request.output + ".steps").write_text("")
    steps = _die_at(request.kill_at) if request.kill_at else lambda: 0
    try:
        return _commands(request.commands)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with Path(request.output + ".steps").open("a") as counts:
            print(steps(), file=counts)


def _commands(commands: list[list[str]]) -> int:
    """Run one command as the program does, under its supervisor; several by one process."""
    from flows.cli.app import main as program
    from flows.cli.app import run_command

    if len(commands) == 1:
        sys.argv = ["playbill", *commands[0]]
        try:
            program()
        except SystemExit as done:
            return int(done.code or 0)
    for command in commands:
        sys.argv = ["playbill", *command]
        if code := run_command():
            return code
    return 0


def parent_dies(signum: int) -> None:
    """Have the system send this process a signal when its parent dies (Linux)."""
    ctypes.CDLL(None).prctl(1, signum, 0, 0, 0)


def _die_at(fatal: int) -> Callable[[], int]:
    """Kill this process at a step; return what tells how many steps it has made."""
    steps = 0

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return call

    for owner, name in STEPS:
        setattr(owner, name, counted(getattr(owner, name)))
    return lambda: steps


def _set_clock(days: int) -> None:
    """Put this process's clock ahead, for all of Playbill's own code."""
    import datetime
    import time

    ahead, original = datetime.timedelta(days=days), time.time

    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Shifted:
            return super().now(tz) + ahead

    time.time = lambda: original() + ahead.total_seconds()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("flows", "pipelines", "warehouse") and hasattr(module, "datetime"):
            module.datetime = Shifted  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
