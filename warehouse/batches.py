"""Landed batches: folders that never change, each with its files' checksums, so that damage is noticed and mended."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import DamagedFileError
from warehouse.files import new_folder, remove_folder
from warehouse.sums import damaged, seal

log = logging.getLogger(__name__)


@contextmanager
def landing(home: Path) -> Iterator[Path]:
    """Give a folder to land a batch in; when the block ends well, it becomes ``home``, sealed and whole."""
    with new_folder(home) as target:
        yield target
        seal(target)


def has_landed(home: Path) -> bool:
    """Return whether a batch is there as it was landed; a damaged one is deleted, as its source is at hand."""
    if not home.exists():
        return False
    names = damaged(home)
    if names:
        log.warning("a damaged batch is landed anew: %s in %s", ", ".join(names), home)
        remove_folder(home)
    return not names


def damaged_batches(homes: Iterable[Path]) -> list[Path]:
    """Return those of the batches that are not as they were landed."""
    return [home for home in homes if damaged(home)]


def check_batches(homes: Iterable[Path], remedy: str) -> None:
    """Compare every file of these batches with its checksum.

    Raises
    ------
    DamagedFileError
        Naming the first that differs; ``remedy`` ends the message.
    """
    for home in homes:
        if names := damaged(home):
            raise DamagedFileError(f"batch {home} is damaged ({', '.join(names)}); {remedy}")
