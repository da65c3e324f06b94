"""`kill -9` at the steps of each command and at any moment: nothing lost, nobody left, no litter after the next run."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests import tally
from tests.faults.conftest import House, left_of

pytestmark = pytest.mark.slow

KILLED = 128 + signal.SIGKILL
"""What the supervisor of a killed command returns."""
NEXT_RUN_AFTER = 10
NEVER = 1_000_000
RUN = "run --movielens {set}"


def state_of(house: House, before: dict[str, str], left: list[int]) -> str:
    """Return what is wrong after a kill; nothing if all is well."""
    if left:
        return f"processes left: {left}"
    if faults := house.faults():
        return f"not whole: {faults}"
    after = house.hashes
    missing = [name for name, digest in before.items() if after.get(name) != digest]
    return f"lost: {missing}" if missing else ""


def next_run(house: House) -> str:
    """Return what is wrong with a run after kills."""
    done = house.playbill(RUN)
    if done.code or done.left or house.litter:
        return f"next run: exit code {done.code}, left {done.left}, litter {house.litter}, {done.err[-500:]}"
    return ""


def kill_at_steps(house: House, command: str, steps: list[int], ahead_days: int) -> Iterator[str]:
    """Kill a command at some of its steps and yield what was lost; a full run after every tenth and the last."""
    for number, planned in enumerate(steps, 1):
        step, before = planned, house.hashes
        while (done := house.playbill(command, kill_at=step, ahead_days=ahead_days)).code == 0 and step > 1:
            step = step * 3 // 4  # it had fewer steps than when they were counted, as answers came in other portions
        if done.code != KILLED:
            wrong = f"was not killed: exit code {done.code} {done.err[-300:]}"
        else:
            wrong = state_of(house, before, done.left)
        if not wrong and (number % NEXT_RUN_AFTER == 0 or planned == steps[-1]):
            wrong = next_run(house)
        yield wrong and f"{command} at step {step}: {wrong}"


def steps_of(house: House, command: str, ahead_days: int) -> int:
    """Return how many steps a command makes."""
    done = house.playbill(command, kill_at=NEVER, ahead_days=ahead_days)
    assert done.code == 0, done.err
    return done.steps


@pytest.mark.parametrize(
    ("command", "tries", "ahead_days"),
    [
        (RUN, 60, 0),
        ("publish", 40, 0),
        ("publish --changed", 20, 0),
        ("enrich", 34, 200),
    ],  # after 200 days TMDB is asked anew about every film
)
def test_killed_at_steps_all_over_a_command(
    finished_house: House, tmp_path: Path, hands: ThreadPoolExecutor, command: str, tries: int, ahead_days: int
) -> None:
    steps = steps_of(finished_house.copy(tmp_path / "counted"), command, ahead_days)
    houses = [finished_house.copy(tmp_path / str(number)) for number in range(2)]
    chosen = [1 + (steps - 2) * number // (tries - 1) for number in range(tries)]
    siege = [
        hands.submit(list, kill_at_steps(house, command, chosen[n::2], ahead_days)) for n, house in enumerate(houses)
    ]
    tally.count(
        f"kill -9: {command.partition(' --m')[0]}", [wrong for besieged in siege for wrong in besieged.result()]
    )


def test_killed_forgetting_somebody(finished_house: House, tmp_path: Path, hands: ThreadPoolExecutor) -> None:
    steps = steps_of(finished_house.copy(tmp_path / "counted"), "forget ml_60 --yes", 0)

    def forget(house: House, numbers: range) -> list[str]:
        wrongs = []
        for number in numbers:
            person, step = f"ml_{10 + number}", 1 + (steps - 2) * number // 35
            done = house.playbill(f"forget {person} --yes", kill_at=step)
            wrong = "was not killed" if done.code >= 0 else state_of(house, {}, done.left)
            again = house.playbill(f"forget {person} --yes")
            if again.code:
                wrong = wrong or again.err[-500:]
            if not wrong and (held := files_with(house, 10 + number)):
                wrong = f"still in {held}"
            if not wrong and house.litter:
                wrong = f"litter: {house.litter}"
            wrongs.append(wrong and f"forget at step {step}: {wrong}")
        return [*wrongs[:-1], wrongs[-1] or next_run(house)]

    houses = [finished_house.copy(tmp_path / str(number)) for number in range(2)]
    siege = [hands.submit(forget, house, range(n, 36, 2)) for n, house in enumerate(houses)]
    tally.count("kill -9: forget", [wrong for besieged in siege for wrong in besieged.result()])


def files_with(house: House, number: int) -> list[str]:
    """Return the data sets that still hold a person of MovieLens."""
    wanted = {f"ml_{number}", number}
    homes = ("lake", "builds")
    files = [path for home in homes for path in (house.data / home).rglob("*.parquet") if "ledgers" not in path.parts]
    held = []
    for path in files:
        if "user_id" in pq.read_schema(path).names:
            users = pq.read_table(path, columns=["user_id"], use_threads=False)["user_id"].to_pylist()
            held += [str(path)] if wanted & {*users} else []
    return held


def test_killed_at_any_moment_through_the_front_door(house: House) -> None:
    """The program as a shell starts it, killed from outside: its child goes with it."""
    started = time.monotonic()
    assert (
        subprocess.run(house.command_line(RUN), env=house.environment, capture_output=True, check=False).returncode == 0
    )
    longest, moments = time.monotonic() - started, random.Random(5)
    wrongs: list[str] = []
    while len(wrongs) < 10:
        before = house.hashes
        process = subprocess.Popen(
            house.command_line(RUN), env=house.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(longest * moments.uniform(0.2, 0.95))
        process.kill()
        if process.wait() == -signal.SIGKILL:  # else it was done before
            wrongs.append(state_of(house, before, left_of(process.pid)))
    wrongs[-1] = wrongs[-1] or next_run(house)
    tally.count("kill -9: run", wrongs)
