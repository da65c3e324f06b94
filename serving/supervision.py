"""Several workers under one supervisor: they end when it does, however it ends."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, parent_process
from pathlib import Path

from serving.metrics import MULTIPROCESS

log = logging.getLogger(__name__)

PREFIX = "playbill-metrics-"


def follow_parent(grace_seconds: float) -> None:
    """End this worker when its supervisor is gone, after the requests that are running; does nothing without one."""
    parent = parent_process()
    if parent is None:
        return

    def follow() -> None:
        connection.wait([parent.sentinel])
        log.warning("supervisor is gone, worker ends pid=%d", os.getpid())
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_seconds + 2)
        os._exit(1)

    threading.Thread(target=follow, name="supervisor", daemon=True).start()


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Give the workers a folder to share their counts in; what a killed supervisor left behind is removed first."""
    home = Path(tempfile.gettempdir())
    for left in home.glob(f"{PREFIX}*"):
        if not _runs(left.name.removeprefix(PREFIX).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        os.environ[MULTIPROCESS] = folder
        try:
            yield
        finally:
            os.environ.pop(MULTIPROCESS, None)


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
