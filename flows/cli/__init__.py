"""The `playbill` command."""

from __future__ import annotations

import gc
import os
import signal
from types import FrameType
from typing import NoReturn

__all__ = ["main"]


COLLECT_AFTER = 100_000, 20, 50
"""Python's own 700, 10, 10 look for garbage among the libraries' millions of objects over and over: 3 of 33 seconds."""


class _StoppedError(BaseException):
    """A signal came while the command was still being loaded."""


def main() -> None:
    """Run the command; a signal that comes while it is still being loaded ends it in one line too."""
    gc.set_threshold(*COLLECT_AFTER)
    came = []

    def stop(signum: int, _frame: FrameType | None) -> NoReturn:
        came.append(signum)
        raise _StoppedError

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        from flows.cli.app import main as command
    except _StoppedError:
        from flows.cli.stopping import stopped

        stopped(came[0], "")
        os._exit(128 + came[0])
    for signum, handler in before.items():
        signal.signal(signum, handler)
    command()
