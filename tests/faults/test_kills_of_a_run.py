"""`kill -9` at any moment: the last release is still served, and the next run needs no cleaning."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from pipelines.settings import Settings
from tests.conftest import SetMaker
from warehouse.store import ReleaseStore

pytestmark = pytest.mark.slow

DIE_AT_CALL = """
import os, signal, sys
from pathlib import Path

count = 0
def counted(original):
    def call(*args, **kwargs):
        global count
        count += 1
        if count == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    return call

os.fsync = counted(os.fsync)
Path.rename = counted(Path.rename)
Path.replace = counted(Path.replace)
Path.symlink_to = counted(Path.symlink_to)
Path.write_text = counted(Path.write_text)

from pipelines.jobs.publish import publish
from pipelines.settings import load_settings
publish(load_settings())
print(count)
"""


def environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    own = {
        "PLAYBILL_DATA_DIR": str(settings.data_dir),
        "PLAYBILL_MLRUNS_DIR": str(settings.mlruns_dir),
        "PLAYBILL_TRAINING__MODELS": '["popularity", "covisitation"]',
        "PLAYBILL_TRAINING__PUBLISHED": "covisitation",
        "PLAYBILL_TRAINING__PROTOCOLS": '["next"]',
    }
    return {**kept, **own}


def playbill(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
    return subprocess.run(command, env=environment(settings), capture_output=True, text=True, timeout=300, check=False)


def served(settings: Settings) -> list[int]:
    done = playbill(settings, "recommend", "ml_1", "--json")
    assert done.returncode == 0, done.stderr
    return [film["movie_id"] for film in json.loads(done.stdout)["recommendations"]]


def test_killed_at_every_step_of_a_publish(run_settings: Settings, make_set: SetMaker) -> None:
    assert playbill(run_settings, "run", "--movielens", str(make_set())).returncode == 0
    store = ReleaseStore(run_settings.folder)
    step, killed = 1, 0
    while True:
        before = store.current_id()
        done = subprocess.run(
            [sys.executable, "-c", DIE_AT_CALL, str(step)],
            env=environment(run_settings), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert store.verify(store.current_id())
        for release_id in store.ids():
            store.verify(release_id)
        if done.returncode == 0:
            assert store.current_id() != before
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
        step += 1
        time.sleep(1)  # release ids tell seconds apart
    assert killed > 10
    assert len(served(run_settings)) == 10
    leftovers = [path.name for path in run_settings.folder.releases.iterdir() if path.name.endswith(".tmp")]
    assert leftovers == []


def test_killed_at_any_moment_of_a_run(run_settings: Settings, make_set: SetMaker) -> None:
    started = time.monotonic()
    words = ("run", "--movielens", str(make_set()))
    assert playbill(run_settings, *words).returncode == 0
    longest = time.monotonic() - started
    expected, store = served(run_settings), ReleaseStore(run_settings.folder)
    moments = random.Random(5)
    for attempt in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", "from flows.cli import main; main()", *words],
            env=environment(run_settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(longest * (attempt + moments.random()) / 8)
        process.kill()
        process.wait()
        store.verify(store.current_id())
        # the same input gives the same list, whichever of the two releases is the current one
        assert served(run_settings) == expected
    done = playbill(run_settings, *words)
    assert done.returncode == 0, done.stderr
    assert served(run_settings) == expected
    for home in (run_settings.folder.root, run_settings.folder.releases, run_settings.folder.lake / "movielens"):
        assert [path.name for path in home.iterdir() if path.name.endswith(".tmp")] == []
