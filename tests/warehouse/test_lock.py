from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse.errors import WarehouseBusyError
from warehouse.folder import DataFolder
from warehouse.lock import writing

HOLD = """
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from warehouse.folder import DataFolder
from warehouse.lock import writing
with writing(DataFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_told_who_writes(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WarehouseBusyError, match=f"pid {holder.pid}"), writing(DataFolder(tmp_path)):
            pass
        holder.kill()  # the system frees the lock of a killed process
        holder.wait()
        with writing(DataFolder(tmp_path), wait_seconds=5):
            pass


def test_a_process_that_holds_the_lock_does_not_wait_for_itself(tmp_path: Path) -> None:
    with writing(DataFolder(tmp_path)), writing(DataFolder(tmp_path)):
        pass
    with writing(DataFolder(tmp_path)):
        pass


def test_another_thread_of_the_same_process_is_kept_out(tmp_path: Path) -> None:
    outcomes: list[str] = []

    def intrude() -> None:
        try:
            with writing(DataFolder(tmp_path)):
                outcomes.append("in")
        except WarehouseBusyError:
            outcomes.append("kept out")

    with writing(DataFolder(tmp_path)):
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join()
    assert outcomes == ["kept out", "in"]


def test_a_task_of_the_run_that_holds_the_lock_goes_on_in_its_own_thread(tmp_path: Path) -> None:
    def work() -> str:
        with writing(DataFolder(tmp_path)):
            return "in"

    async def in_a_thread() -> str:
        return await asyncio.to_thread(work)

    with writing(DataFolder(tmp_path)):
        with ThreadPoolExecutor(1) as pool:  # as Prefect starts its tasks: with a copy of the run's context
            assert pool.submit(contextvars.copy_context().run, work).result() == "in"
        assert asyncio.run(in_a_thread()) == "in"


def test_a_thread_that_outlives_the_run_holds_nothing(tmp_path: Path) -> None:
    with writing(DataFolder(tmp_path)):
        inherited = contextvars.copy_context()
    entered, leave = threading.Event(), threading.Event()

    def own() -> None:
        with writing(DataFolder(tmp_path)):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=own)
    thread.start()
    entered.wait(10)

    def late() -> None:
        with pytest.raises(WarehouseBusyError), writing(DataFolder(tmp_path)):
            pass

    inherited.run(late)
    leave.set()
    thread.join()
