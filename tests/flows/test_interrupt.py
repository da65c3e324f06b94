"""Ctrl-C and SIGTERM at any moment of a run, with a terminal and without: one line, in time, nothing left behind."""

from __future__ import annotations

import io
import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows.cli.supervise import note, supervised
from pipelines.settings import Settings
from tests import tally
from tests.command import environment, playbill
from tests.conftest import SetMaker
from warehouse.store import ReleaseStore

LONGEST_SECONDS = 3.0
MOMENTS = 5


def group_of(marker: str) -> list[str]:
    """Return what runs with the marker in its environment: the command's processes, wherever they hang."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (path / "environ").read_bytes() and int(path.name) != os.getpid():
                found.append((path / "cmdline").read_text().replace("\0", " "))
        except (OSError, ProcessLookupError):
            continue
    return found


def drain(source: int, into: io.BytesIO) -> None:
    while True:
        try:
            block = os.read(source, 65536)
        except OSError:  # a terminal whose other end is closed
            return
        if not block:
            return
        into.write(block)


def interrupt(settings: Settings, words: tuple[str, ...], moment: float, signum: int, *, tty: bool) -> tuple[int, str]:
    """Start the command, send the signal at a moment, and return its exit code and what it wrote to standard error."""

    own = {**environment(settings), "LOOK_FOR": f"{random.random()}", "PLAYBILL_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
    leader, follower = pty.openpty() if tty else os.pipe()
    shown = io.BytesIO()
    reader = threading.Thread(target=drain, args=(leader, shown))
    reader.start()  # as a terminal does; a full one would hold the command up
    with subprocess.Popen(
        command, env=own, stdin=follower if tty else subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=follower, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(follower)
        time.sleep(moment)
        process.send_signal(signum)
        sent = time.monotonic()
        try:
            code = process.wait(timeout=60)
        finally:
            process.kill()
        took = time.monotonic() - sent
    reader.join(timeout=10)
    assert not reader.is_alive(), "something still holds the terminal or the pipe"
    os.close(leader)
    text = shown.getvalue()
    assert took < LONGEST_SECONDS, f"{took:.1f} s after {moment:.1f} s: {text!r}"
    time.sleep(0.2)
    assert group_of(f"LOOK_FOR={own['LOOK_FOR']}") == []
    return code, text.decode()


@pytest.mark.slow
@pytest.mark.parametrize(("signum", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("tty", [True, False])
def test_stopped_at_any_moment(
    run_settings: Settings, make_set: SetMaker, signum: int, expected: int, tty: bool
) -> None:
    words = ("run", "--movielens", str(make_set()))
    started = time.monotonic()
    assert playbill(run_settings, *words).returncode == 0
    longest = time.monotonic() - started
    store = ReleaseStore(run_settings.folder)
    moments = random.Random(signum)
    for number in range(MOMENTS):
        moment = 0.5 + (longest - 1.0) * (number + moments.random()) / MOMENTS
        served = store.current_id()
        with tally.attempt(f"{signal.Signals(signum).name} {'at a terminal' if tty else 'without a terminal'}"):
            code, text = interrupt(run_settings, words, moment, signum, tty=tty)
            while code == 0:  # it was quicker than the first one and had ended
                moment *= 0.7
                code, text = interrupt(run_settings, words, moment, signum, tty=tty)
            if store.current_id() != served:  # it was published before the signal came
                served = store.current_id()
            assert code == expected, text
            assert f"playbill: interrupted; release {served} is still served" in text
            assert "Traceback" not in text
            store.verify(served)
    assert playbill(run_settings, *words).returncode == 0
    litter = [path.name for path in run_settings.folder.root.rglob("*.tmp")]
    assert litter == []


def test_the_work_of_a_child_is_the_work(tmp_path: Path) -> None:
    script = "import sys; from flows.cli.supervise import supervised; sys.exit(supervised(lambda: 7, print))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7


def test_a_child_that_is_killed_is_told_with_its_note() -> None:
    script = """
import os, signal, sys
from flows.cli.supervise import note, supervised
def work():
    note("first"); note("run 42")
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(supervised(work, lambda signum, told: print(signum, told)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (137, "9 run 42\n")


def ended(process: int) -> bool:
    """Tell whether a process is gone, or dead but not buried, within ten seconds."""
    for _ in range(200):
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        if "zombie" in status or "dead" in status:
            return True
        time.sleep(0.05)
    return False


def test_the_work_dies_with_a_command_that_is_killed() -> None:
    script = """
import os, sys, time
from flows.cli.supervise import supervised
def work():
    print(os.getpid(), flush=True)
    time.sleep(60)
    return 0
sys.exit(supervised(work, lambda *_: None))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        process.kill()
        process.wait()
        assert process.stdout.read() == ""  # ends only when the child has let go of the pipe
    assert ended(child)


def test_there_is_nobody_to_note_to_outside_a_supervised_command() -> None:
    note("nothing happens")
    assert callable(supervised)
