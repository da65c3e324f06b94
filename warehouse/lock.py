"""One writer at a time in a data folder, whichever process it runs in."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import WarehouseBusyError
from warehouse.folder import DataFolder

POLL_SECONDS = 0.2

_held: set[Path] = set()
"""Locks that this process holds: a job inside a run that holds the lock does not wait for itself."""


@contextmanager
def writing(folder: DataFolder, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the data folder's write lock for the block; the system frees it when the process dies.

    A process that holds it already goes straight on, so a run may hold it around its jobs.

    Parameters
    ----------
    wait_seconds : float
        How long to wait for another writer before giving up.

    Raises
    ------
    WarehouseBusyError
        If another process still holds the lock; the message names its pid.
    """
    if folder.lock_file in _held:
        yield
        return
    folder.root.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with folder.lock_file.open("a+", encoding="utf-8") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    handle.seek(0)
                    owner = handle.read().strip() or "unknown"
                    raise WarehouseBusyError(
                        f"{folder.root} is being written by another run (pid {owner}); try again when it ends"
                    ) from error
                time.sleep(POLL_SECONDS)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        _held.add(folder.lock_file)
        try:
            yield
        finally:
            _held.discard(folder.lock_file)
