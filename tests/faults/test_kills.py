"""`kill -9` at every step of a stage: the release stays served, no file is a half, the next run leaves no litter."""

from __future__ import annotations

import signal

import pytest

from tests import tally
from tests.faults.conftest import STAGES, House

pytestmark = pytest.mark.slow

DIE_AT_STEP = """
import os, signal, sys
from pathlib import Path

steps, fatal = 0, int(sys.argv[1])
def counted(original):
    def call(*args, **kwargs):
        global steps
        steps += 1
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    return call

os.fsync = counted(os.fsync)
for name in ("rename", "replace", "symlink_to", "hardlink_to", "write_text", "unlink", "mkdir", "chmod"):
    setattr(Path, name, counted(getattr(Path, name)))

from flows.cli.app import run_command
for words in sys.argv[2:]:
    sys.argv = ["playbill", *words.split(" ")]
    code = run_command()
    if code:
        os._exit(code)
os._exit(0)
"""
"""The same commands always make the same steps, so that a number names a moment."""


@pytest.mark.parametrize(
    ("stage", "stride"),
    [
        ("publish", 1),
        ("publish --changed", 2),
        ("build", 1),
        ("forget ml_7 --yes", 2),
        ("enrich --no-enrich", 1),
        ("ingest --movielens {movielens}", 1),
    ],
)
def test_killed_at_every_step_of_a_stage(house: House, stage: str, stride: int) -> None:
    stage = stage.replace("ingest ", "ingest --movielens ")
    kind = f"kill -9: {stage.partition(' --m')[0]}"
    step, lost = 1, []
    while step < 400:
        done = house.playbill(str(step), stage, driver=DIE_AT_STEP)
        if done.returncode != -signal.SIGKILL:
            assert done.returncode == 0, done.stderr
            break
        try:
            with tally.attempt(kind):
                verified = house.playbill("releases --verify", "recommend ml_1")
                assert verified.returncode == 0, verified.stderr
        except AssertionError as error:
            lost.append(f"step {step}: {error}")
        step += stride
    assert not lost, "\n".join(lost)
    last = house.playbill(*STAGES)
    assert last.returncode == 0, last.stderr
    assert house.litter == []
