"""How many attacks were tried, survived and lost: counted in the slow suites, printed as their last lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass
class Count:
    """Attacks of one kind."""

    tries: int = 0
    survived: int = 0

    @property
    def lost(self) -> int:
        """Attacks that got through."""
        return self.tries - self.survived


_counts: dict[str, Count] = {}


@contextmanager
def attempt(kind: str) -> Iterator[None]:
    """Count what the block tries: survived when it ends well, lost when anything is raised in it.

    Parameters
    ----------
    kind : str
        A line of the table, such as ``kill -9: publish``.
    """
    count = _counts.setdefault(kind, Count())
    count.tries += 1
    yield
    count.survived += 1


def count(kind: str, wrongs: list[str]) -> None:
    """Put tries that are over into the table, and fail if one was lost.

    Parameters
    ----------
    wrongs : list of str
        What was wrong after each, nothing where all was well.
    """
    for wrong in wrongs:
        with suppress(AssertionError), attempt(kind):
            assert not wrong
    assert not any(wrongs), "\n".join(wrong for wrong in wrongs if wrong)


def table() -> list[str]:
    """Return the table as lines; none where nothing was tried."""
    if not _counts:
        return []
    total = Count(sum(c.tries for c in _counts.values()), sum(c.survived for c in _counts.values()))
    width = max(len(kind) for kind in (*_counts, "together"))
    rows = [*sorted(_counts.items()), ("together", total)]
    head = f"{'':{width}}  {'tries':>7}  {'survived':>8}  {'lost':>5}"
    return [head, *(f"{kind:{width}}  {c.tries:7,}  {c.survived:8,}  {c.lost:5,}" for kind, c in rows)]
