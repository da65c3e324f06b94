"""One writer at a time in a data folder, whichever process or thread it runs in."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import WarehouseBusyError
from warehouse.files import make_folder
from warehouse.folder import DataFolder

POLL_SECONDS = 0.2


@dataclass
class _Hold:
    """One hold of one folder's lock; ``over`` once its block has ended."""

    lock_file: Path
    over: bool = False


_holds: ContextVar[tuple[_Hold, ...]] = ContextVar("playbill_holds", default=())
"""What the run that this code belongs to holds.

A context variable, as it goes where the run goes: to its functions, and to the threads and tasks that are started with
a copy of its context, as Prefect and asyncio start theirs. A thread of somebody else's has another context and waits.
"""


@contextmanager
def writing(folder: DataFolder, *, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the data folder's write lock for the block; the system frees it when the process dies.

    The run that holds it already goes straight on, so a run may hold it around its jobs, whichever threads those are
    in; another thread of the same process is kept out as another process is.

    Parameters
    ----------
    wait_seconds : float
        How long to wait for another writer before giving up.

    Raises
    ------
    WarehouseBusyError
        If another run still holds the lock; the message names its process.
    """
    lock_file = folder.lock_file.resolve()
    if any(hold.lock_file == lock_file and not hold.over for hold in _holds.get()):
        yield
        return
    make_folder(folder.root)
    with os.fdopen(os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+", encoding="utf-8") as handle:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                # a lock belongs to the opened file, so that two threads, which open it each, exclude each other
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
        hold = _Hold(lock_file)
        token = _holds.set((*_holds.get(), hold))
        try:
            yield
        finally:
            hold.over = True
            _holds.reset(token)
