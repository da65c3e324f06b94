"""Interaction logs written into the inbox: whole lines, on disk before they are acknowledged, closed before they show.

A log that is being written has a hidden name and a lock, so that an ingest, which takes what it sees, never takes half
of it; when it is long or old enough it gets its name and is never written again.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from warehouse.files import PRIVATE_FILE, make_folder, sync_folder

PREFIX, OPEN, CLOSED = ".feedback-", ".part", ".jsonl"


class InboxLog:
    """Appends events to a log of this process's own; safe to use from many threads.

    Parameters
    ----------
    inbox : Path
        Made when the first event comes.
    max_bytes, max_seconds
        A log is closed when it is this long or this old.
    """

    def __init__(self, inbox: Path, *, max_bytes: float, max_seconds: float = 60.0) -> None:
        self._inbox, self._max_bytes, self._max_seconds = inbox, max_bytes, max_seconds
        self._turn = threading.Lock()
        self._handle: int | None = None
        self._path = inbox
        self._opened = 0.0
        self._written = 0

    def append(self, events: Sequence[Mapping[str, object]]) -> None:
        """Write events, a line each; when this returns they survive a power cut."""
        text = "".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in events)
        data = text.encode()
        with self._turn:
            handle = self._open() if self._handle is None else self._handle
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
            self._written += len(data)
            if self._written >= self._max_bytes:
                self._close()

    def close_if_old(self) -> None:
        """Close the log if it has been open long enough; call it now and then."""
        with self._turn:
            if self._handle is not None and time.monotonic() - self._opened >= self._max_seconds:
                self._close()

    def close(self) -> None:
        """Close the log, so that the next ingest takes it."""
        with self._turn:
            if self._handle is not None:
                self._close()

    def adopt(self) -> int:
        """Close logs that a killed process left open; return how many."""
        adopted = 0
        for path in sorted(self._inbox.glob(f"{PREFIX}*{OPEN}")):
            handle = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end_last_line(handle)
                _show(path)
                adopted += 1
            except BlockingIOError:
                pass
            finally:
                os.close(handle)
        return adopted

    def _open(self) -> int:
        make_folder(self._inbox)
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self._path = self._inbox / f"{PREFIX}{stamp}{OPEN}"
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, PRIVATE_FILE)
        fcntl.flock(handle, fcntl.LOCK_EX)
        sync_folder(self._inbox)
        self._handle, self._opened, self._written = handle, time.monotonic(), 0
        return handle

    def _close(self) -> None:
        if self._handle is None:
            return
        _show(self._path)
        os.close(self._handle)
        self._handle = None


def _end_last_line(handle: int) -> None:
    """Finish a line that a crash cut: ingest sends it to quarantine instead of waiting for its end."""
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        os.pwrite(handle, b"\n", size)
        os.fsync(handle)


def _show(path: Path) -> None:
    path.rename(path.with_name(path.name.removeprefix(".").removesuffix(OPEN) + CLOSED))
    sync_folder(path.parent)
