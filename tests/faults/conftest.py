"""A data folder with one release of the small set, and what a person does with it: commands in processes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import small_set
from tests.faults.forked import Request
from tests.tmdb_fake import TOKEN, FakeTmdb, film, serving

AT_ONCE = 2
FILMS = {number + 500: f"Film {number}, The" for number in range(1, 41)}
LOG = "".join(
    json.dumps({"user_id": f"app{n % 6}", "tmdb_id": 500 + n, "event": "like", "timestamp": 1_700_000_000 + n}) + "\n"
    for n in range(1, 31)
)
KEPT_APART = "PREFECT_", "PYTEST_", "PLAYBILL_", "MLFLOW_", "TMDB_", "SUPABASE_"


@dataclass(frozen=True)
class Done:
    """How a process ended: its code (negative: the signal's number), what it wrote, and who was left of it.

    ``steps``: how many calls that change the disk its busiest process made, where they were counted.
    """

    code: int
    out: str
    err: str
    left: list[int]
    steps: int = 0

    @property
    def one_line(self) -> bool:
        """Whether a problem is one line, and no traceback."""
        return len(re.findall(r"^playbill: ", self.err, re.MULTILINE)) == 1 and "Traceback" not in self.err


class Forks:
    """Processes that fork what they are asked for; each does one thing at a time."""

    def __init__(self, home: Path) -> None:
        self._home, self._idle = home, Queue[tuple[int, "subprocess.Popen[str]"]]()
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._all = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.forked"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
                cwd=Path(__file__).resolve().parents[2],
            )
            for _ in range(AT_ONCE)
        ]  # fmt: skip
        for number, process in enumerate(self._all):
            self._idle.put((number, process))
        for process in self._all:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

    def run(
        self,
        commands: tuple[list[str], ...],
        environment: Mapping[str, str],
        kill_at: int,
        after: float,
        ahead_days: int,
        umask: int,
    ) -> Done:
        """Run commands in a fork; ``after`` so many seconds (0: never) it is killed from outside."""
        number, process = self._idle.get()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            output = self._home / str(number)
            request = Request(list(commands), dict(environment), str(output), kill_at, ahead_days, umask)
            process.stdin.write(json.dumps(asdict(request)) + "\n")
            process.stdin.flush()
            child = int(process.stdout.readline())
            if after:
                time.sleep(after)
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            code = int(process.stdout.readline())
            out, err = (output.with_name(output.name + end).read_text() for end in (".out", ".err"))
            counts = [int(line) for line in output.with_name(output.name + ".steps").read_text().split()]
            return Done(code, out, err, left_of(child), max(counts, default=0))
        finally:
            self._idle.put((number, process))

    def close(self) -> None:
        """End all."""
        for process in self._all:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.stdout.close()
            process.wait()


def left_of(session: int, patience: float = 5.0) -> list[int]:
    """Return the processes of a session that are still there after a while, as ``setsid`` named it."""
    deadline = time.monotonic() + patience
    while True:
        left = []
        for home in Path("/proc").iterdir():
            if home.name.isdigit():
                with suppress(OSError):
                    words = (home / "stat").read_text().rpartition(")")[2].split()
                    if int(words[3]) == session and words[0] not in "ZX":
                        left.append(int(home.name))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


class House:
    """One data folder, and what a person does with it."""

    def __init__(self, home: Path, forks: Forks, tmdb: str) -> None:
        self.home, self.data, self.forks, self.tmdb = home, home / "data", forks, tmdb
        self.movielens = home / "ml-latest-small"
        self.own: dict[str, str] = {}
        self.umask = 0o022

    @property
    def environment(self) -> dict[str, str]:
        """Everything that a command is told of this house."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(KEPT_APART)}
        own = {
            "PLAYBILL_DATA_DIR": str(self.data),
            "PLAYBILL_MLRUNS_DIR": str(self.home / "mlruns"),
            "PLAYBILL_TRAINING__MODELS": '["popularity", "covisitation"]',
            "PLAYBILL_TRAINING__PUBLISHED": "covisitation",
            "PLAYBILL_TRAINING__PROTOCOLS": '["next"]',
            "PLAYBILL_LOG_LEVEL": "ERROR",
            "PLAYBILL_RELEASES__KEEP": "1000",
            "PLAYBILL_EVENTS__SETTLE_SECONDS": "0",
            "PLAYBILL_TMDB__BASE_URL": self.tmdb,
            "PLAYBILL_TMDB__RATE": "200",
            "PLAYBILL_TMDB__BURST": "100",
            "TMDB_READ_TOKEN": TOKEN,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        return {**kept, **own, **self.own}

    def playbill(self, *commands: str, kill_at: int = 0, after: float = 0.0, ahead_days: int = 0) -> Done:
        """Run commands, one after another; ``{set}`` stands for the data set's folder."""
        words = tuple(
            [word.replace("{set}", str(self.movielens)) for word in command.split(" ")] for command in commands
        )
        return self.forks.run(words, self.environment, kill_at, after, ahead_days, self.umask)

    def command_line(self, words: str) -> list[str]:
        """Return how a shell starts the command."""
        return [
            sys.executable,
            "-c",
            "from flows.cli import main; main()",
            *words.replace("{set}", str(self.movielens)).split(" "),
        ]

    def copy(self, home: Path) -> House:
        """Return a house like this one."""
        shutil.copytree(self.home, home, symlinks=True)
        return House(home, self.forks, self.tmdb)

    @property
    def current(self) -> str:
        """The id of the served release."""
        return (self.data / "releases" / "CURRENT").read_text().strip()

    @property
    def releases(self) -> list[str]:
        """The ids of all releases, the one that was published last first."""
        homes = (self.data / "releases").glob("[0-9]*/manifest.json")
        return [path.parent.name for path in sorted(homes, key=lambda path: -json.loads(path.read_text())["sequence"])]

    @property
    def served(self) -> dict[str, str]:
        """The hash of every file of the served release."""
        return hashes_of(self.data / "releases" / self.current)

    @property
    def hashes(self) -> dict[str, str]:
        """The hash of every file of every release and landed batch."""
        homes = ("releases", "lake/movielens", "lake/events", "lake/archive")
        files = [path for home in homes for path in (self.data / home).glob("*/**/*") if path.is_file()]
        return {
            str(path.relative_to(self.data)): digest_of(path)
            for path in files
            if not any(part.startswith(".") for part in path.relative_to(self.data).parts)
        }

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The rows of every data set."""
        names = ("interactions", "movies", "movie_stats", "tmdb_mapping")
        return {name: pq.read_table(self.data / "lake" / f"{name}.parquet", use_threads=False) for name in names}

    @property
    def litter(self) -> list[str]:
        """What killed writers left."""
        return [str(path) for path in self.home.rglob(".*.tmp*")]

    def faults(self) -> list[str]:
        """Return what of this house is not whole: a file of any release, batch or build, or a ledger's."""
        faults = []
        for manifest in (self.data / "releases").glob("[0-9]*/manifest.json"):
            for name, entry in json.loads(manifest.read_text())["files"].items():
                if digest_of(manifest.parent / name) != entry["sha256"]:
                    faults.append(f"{manifest.parent.name}/{name}")
        if not (self.data / "releases" / self.current / "manifest.json").is_file():
            faults.append("CURRENT names no release")
        for sums in self.data.rglob("SHA256SUMS"):
            known: dict[str, set[str]] = {}
            for line in sums.read_text().splitlines():
                digest, name = line.split("  ", 1)
                known.setdefault(name, set()).add(digest)
            if not any(part.startswith(".") for part in sums.relative_to(self.data).parts):
                faults += [
                    str(sums.parent / name) for name in known if digest_of(sums.parent / name) not in known[name]
                ]
        for part in (self.data / "lake" / "ledgers").glob("*/[0-9]*.parquet"):
            if digest_of(part)[:8] != part.stem[10:]:
                faults.append(str(part))
        return faults


def digest_of(path: Path) -> str:
    """Return a file's SHA-256; nothing where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def hashes_of(home: Path) -> dict[str, str]:
    """Return the hash of every file under a folder."""
    return {str(path.relative_to(home)): digest_of(path) for path in sorted(home.rglob("*")) if path.is_file()}


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """The processes that fork."""
    made = Forks(tmp_path_factory.mktemp("forks"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def tmdb() -> Iterator[str]:
    """The address of a TMDB that knows every film."""
    fake = FakeTmdb(films={number: film(number, title) for number, title in FILMS.items()})
    with serving(fake) as url:
        yield url


@pytest.fixture(scope="session")
def hands() -> Iterator[ThreadPoolExecutor]:
    """As many threads as there are processes that fork."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool


@pytest.fixture(scope="session")
def finished_house(tmp_path_factory: pytest.TempPathFactory, forks: Forks, tmdb: str) -> House:
    """A house with every kind of file: a run over a data set, a log and TMDB's films, and somebody forgotten."""
    house = House(tmp_path_factory.mktemp("house"), forks, tmdb)
    house.movielens.mkdir()
    for name, text in small_set().items():
        (house.movielens / name).write_text(text)
    inbox = house.data / "lake" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "app.jsonl").write_text(LOG)
    for command in ("ingest --movielens {set}", "forget ml_9 --yes", "run --movielens {set}"):
        done = house.playbill(command)
        assert done.code == 0, done.err
    assert house.faults() == []
    return house


@pytest.fixture
def house(finished_house: House, tmp_path: Path) -> House:
    """A copy of the finished house."""
    return finished_house.copy(tmp_path / "copy")
