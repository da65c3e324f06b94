"""Progress of long work, shown by whoever started it: a bar on a terminal, a line now and then elsewhere.

A job reports with `step`; who runs several jobs says with `stage` which one is on; an entry point that can draw puts a
`Reporter` in place with `reporting`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Reporter(Protocol):
    """What draws progress."""

    def stage(self, name: str, number: int, of: int) -> None:
        """Show that the stage ``name`` begins, the ``number``-th ``of`` so many, from 1."""

    def update(self, what: str, done: float, total: float | None) -> None:
        """Show that ``done`` of ``total`` units of ``what`` are done; total is None while it is unknown."""


class _Silent:
    def stage(self, name: str, number: int, of: int) -> None:
        """Show nothing."""

    def update(self, what: str, done: float, total: float | None) -> None:
        """Show nothing."""


_reporter: ContextVar[Reporter] = ContextVar("reporter", default=_Silent())  # noqa: B039 - it holds no state


def current() -> Reporter:
    """Return what draws progress here, for a reporter that passes on what it is told."""
    return _reporter.get()


def stage(name: str, number: int, of: int) -> None:
    """Report that another job begins: the ``number``-th ``of`` so many, from 1."""
    _reporter.get().stage(name, number, of)


def step(what: str, done: float, total: float | None = None) -> None:
    """Report progress of the work in hand."""
    _reporter.get().update(what, done, total)


@contextmanager
def reporting(reporter: Reporter) -> Iterator[None]:
    """Show progress on ``reporter`` inside the block."""
    token = _reporter.set(reporter)
    try:
        yield
    finally:
        _reporter.reset(token)
