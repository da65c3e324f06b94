from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.errors import WarehouseBusyError
from warehouse.folder import DataFolder
from warehouse.lock import writing

HOLD = """
import sys
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
