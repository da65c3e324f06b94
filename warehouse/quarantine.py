"""Rows that cannot be used, written aside as they come: a file of nothing else costs no more memory than one."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from warehouse.files import replacing

COLUMNS = ("file", "line", "reason", "text")
TEXT_CHARACTERS = 500
"""How much of a row is kept."""
REASONS = 100
OTHER_REASON = "another reason"
"""Reasons that are told apart; past them a row counts as ``another reason``."""


class Quarantine:
    """One file of unusable rows; make it with `quarantining`.

    Attributes
    ----------
    rows : int
        Rows given, those past the limit included.
    reasons : dict of str to int
        Rows by reason.
    first : str
        ``line 7: rating is not a number``, empty when there is none. It holds nothing of the row itself.
    """

    def __init__(self, path: Path, kept: int, stack: ExitStack) -> None:
        self._path, self._kept, self._stack = path, kept, stack
        self._writer: Any = None
        self._counts: Counter[str] = Counter()
        self.rows = 0
        self.first = ""

    @property
    def reasons(self) -> dict[str, int]:
        """Rows by reason, the most frequent first."""
        return dict(self._counts.most_common())

    def add(self, file: str, line: int, reason: str, text: str) -> None:
        """Keep one row aside, shortened; past the limit it is only counted."""
        known = reason in self._counts or len(self._counts) < REASONS
        self._counts[reason if known else OTHER_REASON] += 1
        self.rows += 1
        self.first = self.first or f"line {line}: {reason}"
        if self.rows > self._kept:
            return
        if self._writer is None:
            temporary = self._stack.enter_context(replacing(self._path))
            sink = self._stack.enter_context(temporary.open("w", encoding="utf-8", newline="", errors="replace"))
            self._writer = csv.writer(sink, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
            self._writer.writerow(COLUMNS)
        self._writer.writerow((file, line, reason, text[:TEXT_CHARACTERS]))


@contextmanager
def quarantining(path: Path, *, kept: int) -> Iterator[Quarantine]:
    """Give a place for unusable rows; the file appears when the block ends well and there was one.

    Parameters
    ----------
    path : Path
        The CSV file, with the columns file, line, reason, text.
    kept : int
        Rows that are written; further ones are only counted.
    """
    with ExitStack() as stack:
        yield Quarantine(path, kept, stack)
