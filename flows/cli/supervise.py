"""Ctrl-C and SIGTERM end a long command at once, in one line, and leave no process behind.

The work runs in a child process. A compiled loop may keep Python's signal handlers waiting for minutes; the parent has
nothing to do but wait, so it is never late. Killing the child loses nothing: whatever is written appears whole or not
at all, and the next run takes away what was half done.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from pipelines.processes import die_with_parent

STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HANDLED = (*STOPPED_BY, signal.SIGTSTP)
SHOW_CURSOR = "\x1b[?25h\r\x1b[J"
NOTE_BYTES = 4096

_note_to: list[int] = []
"""In the child, the pipe to its parent."""


class _Stopped(BaseException):
    def __init__(self, signum: int) -> None:
        self.signum = signum


def supervised(work: Callable[[], int], on_stop: Callable[[int, str], None]) -> int:
    """Do ``work`` in a child process and return its exit code; without a sign of stopping nothing differs.

    Parameters
    ----------
    work : callable
        Returns an exit code. In the child, this function returns it too, and the child goes on from there.
    on_stop : callable
        Called in the parent when a signal ended the work, with the signal's number and the child's `note`.

    Returns
    -------
    int
        ``work``'s code, or 128 and the number of the signal.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    parent = os.getpid()
    # between the fork and the parent's handlers no signal may come through
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    child = os.fork()
    if child == 0:
        os.close(reading)
        _become_child(writing, parent)
        return work()
    os.close(writing)
    _settle_group(child)
    signum, status = _wait(child)
    if signum == 0:
        os.close(reading)
        return os.waitstatus_to_exitcode(status)
    told = _read_note(reading)
    if sys.stderr.isatty():
        sys.stderr.write(SHOW_CURSOR)
        sys.stderr.flush()
    on_stop(signum, told)
    return 128 + signum


def _become_child(pipe: int, parent: int) -> None:
    _note_to[:] = [pipe]
    os.setpgid(0, 0)
    die_with_parent(parent)
    for signum in STOPPED_BY:
        signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # it may draw on the terminal though its group is not in front
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


def note(text: str) -> None:
    """Tell the parent what it must know if this child dies; the newest counts. Nothing happens where there is none."""
    for pipe in _note_to:
        os.write(pipe, f"{text}\n".encode())


def _wait(child: int) -> tuple[int, int]:
    """Wait for the child; return the signal that stopped it, or 0, and its status."""

    def stop(signum: int, _frame: FrameType | None) -> NoReturn:
        for name in STOPPED_BY:
            signal.signal(name, signal.SIG_IGN)  # one is enough; the next Ctrl-C must not cut the farewell short
        raise _Stopped(signum)

    def pause(_signum: int, _frame: FrameType | None) -> None:
        _tell_group(child, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        _tell_group(child, signal.SIGCONT)  # after `fg`

    try:
        for name in STOPPED_BY:
            signal.signal(name, stop)
        signal.signal(signal.SIGTSTP, pause)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        _, status = os.waitpid(child, 0)
    except _Stopped as stopped:
        _tell_group(child, signal.SIGKILL)
        with suppress(ChildProcessError):  # it may have ended in that same moment
            os.waitpid(child, 0)
        return stopped.signum, 0
    for name in STOPPED_BY:
        signal.signal(name, signal.SIG_IGN)
    _tell_group(child, signal.SIGKILL)  # what it left running
    return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0), status


def _settle_group(child: int) -> None:
    """Give the child a group of its own, so that a terminal's Ctrl-C reaches the parent alone; both sides try."""
    try:
        os.setpgid(child, child)
    except OSError:
        return


def _tell_group(child: int, signum: int) -> None:
    try:
        os.killpg(child, signum)
    except ProcessLookupError:
        return


def _read_note(pipe: int) -> str:
    os.set_blocking(pipe, False)
    try:
        lines = os.read(pipe, NOTE_BYTES).decode().splitlines()
    except BlockingIOError:
        lines = []
    os.close(pipe)
    return lines[-1] if lines else ""
