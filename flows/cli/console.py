"""What the command line shows: log lines, progress bars on a terminal, tables."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from pipelines.progress import reporting

PLAIN_WIDTH = 140
"""Columns where the output is not a terminal."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)

LOGGERS = ("flows", "pipelines", "warehouse", "serving")


def set_up_logging(level: str) -> None:
    """Send Playbill's own log lines to standard error: coloured on a terminal, plain lines elsewhere."""
    if err.is_terminal:
        handler: logging.Handler = RichHandler(
            console=err, show_path=False, show_level=False, log_time_format="%H:%M:%S"
        )
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


class _Rate(ProgressColumn):
    """Units a second, once there is a pace to tell."""

    def render(self, task: Task) -> Text:
        """Return the pace as text."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


class _Bar:
    """Draws the newest step as one line of a live progress display."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None)

    def update(self, what: str, done: float, total: float | None) -> None:
        """Show the step; a new name starts the clock anew."""
        if self._progress.tasks[0].description != what:
            self._progress.reset(self._task, description=what, total=total)
        self._progress.update(self._task, completed=done, total=total)


@contextmanager
def progress_bar() -> Iterator[None]:
    """Show the progress of what runs in the block, on a terminal only."""
    if not err.is_terminal:
        yield
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress, reporting(_Bar(progress)):
        yield
