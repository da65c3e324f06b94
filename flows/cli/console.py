"""What the command line shows: log lines, progress bars on a terminal, tables."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.cli.printable import PlainConsole, PlainFormatter, for_output, printable
from pipelines.progress import reporting

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_SECONDS = 10.0
PLAIN_WIDTH = 140
"""Columns where the output is not a terminal."""

out = PlainConsole(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
err = PlainConsole(stderr=True, soft_wrap=True)

LOGGERS = ("flows", "pipelines", "warehouse", "serving")


quiet = [False]
"""Whether nothing but the result and problems is shown."""


def be_quiet() -> None:
    """Show nothing but the result and problems."""
    quiet[0] = True


def print_json(value: Any) -> None:
    """Print a result for programs, on standard output."""
    print_text(for_output(json.dumps(value, indent=1, default=str, ensure_ascii=False)) + "\n")


def print_text(text: str) -> None:
    """Print text as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def tell(problem: str) -> None:
    """Print a problem, or how a command ended, as one line on standard error."""
    err.print(f"playbill: {' '.join(problem.split())}")


def set_up_logging(level: str) -> None:
    """Send Playbill's own log lines to standard error: coloured on a terminal, plain lines elsewhere."""
    if quiet[0]:
        level = "WARNING"
    if err.is_terminal:
        from rich.logging import RichHandler

        handler: logging.Handler = RichHandler(
            console=err, show_path=False, show_level=False, log_time_format="%H:%M:%S"
        )
        handler.setFormatter(PlainFormatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(PlainFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


class _Bar:
    """Draws the stage and the newest step in it as one line of a live progress display."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None)
        self._stage = ""

    def stage(self, name: str, number: int, of: int) -> None:
        """Show a stage; the clock starts anew."""
        self._stage = f"{number}/{of} {name}"
        self._progress.reset(self._task, description=self._stage, total=None)

    def update(self, what: str, done: float, total: float | None) -> None:
        """Show the step; a new name starts the clock anew."""
        shown = printable(f"{self._stage}: {what}" if self._stage else what)
        if self._progress.tasks[0].description != shown:
            self._progress.reset(self._task, description=shown, total=total)
        self._progress.update(self._task, completed=done, total=total)


class _Lines:
    """Says every ten seconds what is going on, where there is no terminal to draw on."""

    def __init__(self) -> None:
        self._stage, self._step = "", "starting"
        self._started = time.monotonic()
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._clock.start()

    def stage(self, name: str, number: int, of: int) -> None:
        """Remember the stage."""
        self._stage, self._step, self._started = f"{number}/{of} {name}", "", time.monotonic()

    def update(self, what: str, done: float, total: float | None) -> None:
        """Remember the step."""
        self._step = f"{what} {done:,.0f} of {total:,.0f}" if total else what

    def stop(self) -> None:
        """Say nothing more."""
        self._over.set()
        self._clock.join()

    def _tick(self) -> None:
        while not self._over.wait(LINE_SECONDS):
            seconds = time.monotonic() - self._started
            parts = [part for part in (self._stage, self._step) if part]
            sys.stderr.write(printable(f"{': '.join(parts)}, {seconds:.0f} s\n"))
            sys.stderr.flush()


@contextmanager
def progress_bar() -> Iterator[None]:
    """Show the progress of what runs in the block: a bar on a terminal, a line every ten seconds elsewhere."""
    if quiet[0]:
        yield
        return
    if not err.is_terminal:
        lines = _Lines()
        try:
            with reporting(lines):
                yield
        finally:
            lines.stop()
        return
    with _display() as progress, reporting(_Bar(progress)):
        yield


def _display() -> Progress:
    """Return the live line: what is going on, how far, how fast, since when and for how long."""
    from rich import progress as parts
    from rich.text import Text

    class Rate(parts.ProgressColumn):
        def render(self, task: parts.Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = (
        parts.SpinnerColumn(),
        parts.TextColumn("{task.description}", markup=False),
        parts.BarColumn(),
        parts.TaskProgressColumn("{task.percentage:>3.0f} %", text_format_no_percentage=""),
        Rate(),
        parts.TimeElapsedColumn(),
        parts.TimeRemainingColumn(),
    )
    return parts.Progress(*columns, console=err, transient=True)
