"""Every file that a run reads, damaged in four ways: refused with one line or healed, never exit 0 on a failure.

What is served stays as it was, but for the damaged file itself; then the next run heals, or names the command that
does, which is run here, and the run after it must be good.
"""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import tally
from tests.faults.conftest import Done, House, hashes_of

pytestmark = pytest.mark.slow

HOWS = ("truncated", "emptied", "flipped", "garbage")
SHORT_RUN = "run --movielens {set} --train none"
RUN = "run --movielens {set}"
UP_TO_THE_BUILD = ("ingest --movielens {set}", "enrich", "build")
"""A run's first half: what follows reads the build and no other part of the lake."""
READ_LATER = ("metrics", "promotion", "quality", "releases")
"""Ledgers of a run's second half."""
REMEDY = re.compile(r"`playbill ([^`]+)`")


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    middle = len(content) // 2
    changed = {
        "truncated": content[:middle],
        "emptied": b"",
        "flipped": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :] if content else b"",
        "garbage": b"\xff\x00garbage" * 50,
    }[how]
    path.chmod(0o600)
    path.write_bytes(changed)


def files_of(house: House, home: str) -> list[Path]:
    """Return the files of a part of the data folder; locks, which hold nothing, are none."""
    files = sorted((house.data / home).rglob("*"))
    return [
        path.relative_to(house.data)
        for path in files
        if path.is_file() and not path.is_symlink() and path.name[0] != "."
    ]


def lists_of(done: Done) -> object:
    return json.loads(done.out)["recommendations"]


class Trial:
    """One damaged file of one house."""

    def __init__(self, finished_house: House, home: Path, name: Path, how: str, expected: object) -> None:
        self.house, self.name, self.how, self.expected = finished_house.copy(home), name, how, expected
        self.path = self.house.data / name
        self.sound = self.path.read_bytes()
        self.release, self.before = self.house.current, self.house.served
        self.tables = {name: self.house.tables[name] for name in ("interactions", "tmdb_mapping")}

    def wrong(self) -> str:
        """Damage the file and do what people do; return what went wrong, nothing if all was well."""
        damage(self.path, self.how)
        try:
            {"lake": self.of_the_lake, "builds": self.of_the_build, "releases": self.of_a_release}[self.name.parts[0]]()
            self.nothing_else_changed()
        except (AssertionError, OSError, ValueError) as error:
            return f"{self.name} {self.how}: {error or repr(error)}"
        finally:
            shutil.rmtree(self.house.home, ignore_errors=True)
        return ""

    def of_the_lake(self) -> None:
        """A build, which reads and does not land; then a run, as far as it reads the lake."""
        built = self.tried("build")
        if built.code == 0:
            assert self.rows_as_before(), "build ended with 0 and other rows"
        self.healed(*((RUN,) if {*self.name.parts} & {*READ_LATER} else UP_TO_THE_BUILD))

    def of_the_build(self) -> None:
        """What reads the build and does not make it; then a run."""
        self.tried("train popularity")
        published = self.tried("publish")
        if published.code == 0:
            self.shows_the_same()
        self.healed(SHORT_RUN)

    def of_a_release(self) -> None:
        """What looks at a release, then a run, which reads the arrays of what is served."""
        verified = self.tried("releases --verify")
        in_manifest = self.name.name in ("CURRENT", "PINS", "SUPPRESSED")
        assert verified.code or in_manifest, "verified though damaged"
        self.shows_the_same()
        # the search's files are read by the API alone: a run is the same whichever way they are damaged
        if "search" not in self.name.parts or self.how == HOWS[len(str(self.name)) % len(HOWS)]:
            self.healed(SHORT_RUN)

    def tried(self, *commands: str) -> Done:
        done = self.house.playbill(*commands)
        assert done.code == 0 or done.one_line, f"{commands}: {done.err[-800:]}"
        return done

    def shows_the_same(self) -> None:
        shown = self.tried("recommend ml_1 --json")
        assert shown.code or lists_of(shown) == self.expected, "another list is shown"

    def healed(self, *run: str) -> None:
        """Run; if it is refused, do what its line says and run again."""
        done = self.tried(*run)
        if done.code:
            self.mend(done.err)
            done = self.tried(*run)
        assert done.code == 0, f"never healed: {done.err[-800:]}"
        assert self.rows_as_before(), "other rows after the run"
        shown = self.tried("recommend ml_1 --json")
        assert shown.code == 0, shown.err
        assert lists_of(shown) == self.expected, "another list after the run"

    def mend(self, line: str) -> None:
        if "restore it from a backup" in line:
            self.path.write_bytes(self.sound)
            return
        remedy = REMEDY.search(line)
        assert remedy, f"no command is named: {line[-800:]}"
        command = remedy.group(1).replace("ID", self.release)
        if command.startswith(("run", "ingest")) and "--only-app" not in command:
            command += " --movielens {set}"
        done = self.tried(command)
        assert done.code == 0, f"{command} was named for {line} and failed: {done.err[-800:]}"

    def rows_as_before(self) -> bool:
        now = self.house.tables
        return all(now[name].equals(table) for name, table in self.tables.items())

    def nothing_else_changed(self) -> None:
        now = hashes_of(self.house.data / "releases" / self.release)
        changed = [
            name
            for name, digest in self.before.items()
            if now.get(name) != digest and not str(self.name).endswith(name)
        ]
        assert not changed, f"the release changed: {changed}"


@pytest.mark.parametrize("home", ["lake", "builds", "releases"])
@pytest.mark.parametrize("how", HOWS)
def test_every_file_damaged(
    finished_house: House, tmp_path: Path, hands: ThreadPoolExecutor, home: str, how: str
) -> None:
    expected = lists_of(finished_house.playbill("recommend ml_1 --json"))
    trials = [
        hands.submit(lambda name, n: Trial(finished_house, tmp_path / str(n), name, how, expected).wrong(), name, n)
        for n, name in enumerate(files_of(finished_house, home))
    ]
    tally.count(f"a damaged file of {home}", [trial.result() for trial in trials])
