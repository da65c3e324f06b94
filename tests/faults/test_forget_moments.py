"""`playbill forget` at 50 moments of a running `playbill publish`: afterwards nothing of the person is in any file.

The moments, and who is forgotten, come from `SEED`. What a release that was published before holds goes when it is
pruned, as docs/privacy.md says: where forgetting came after the release was named, one more publish prunes it.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import re
import shutil
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import tally
from tests.conftest import small_set
from tests.faults.conftest import House

pytestmark = pytest.mark.slow

SEED, MOMENTS = 20261121, 50
NAME = 'zoé"kowalska'
FROM_A_LOG, FROM_THE_SET = f"ev_{NAME}", "ml_7"
SETTINGS = {"PLAYBILL_RELEASES__KEEP": "2", "PLAYBILL_RELEASES__DAILY": "0", "PLAYBILL_EVENTS__SETTLE_SECONDS": "0"}


class Commands:
    """Starts `playbill` from a server process that has imported everything, which saves seconds a command."""

    def __init__(self, house: House, out: Path) -> None:
        self._house, self._out, self._number = house, out, 0
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.preloaded", __name__])

    def start(self, words: str) -> tuple[ForkServerProcess, Path]:
        self._number += 1
        out = self._out / f"{self._number}.txt"
        environment = {**self._house.environment, **SETTINGS}
        process = self._context.Process(target=playbill, args=(words.split(" "), environment, str(out)))
        process.start()
        return process, out

    def run(self, words: str) -> tuple[int | None, str]:
        return finished(*self.start(words))


def finished(process: ForkServerProcess, out: Path) -> tuple[int | None, str]:
    process.join(120)
    return process.exitcode, out.read_text()


def playbill(words: list[str], environment: dict[str, str], out: str) -> None:
    """Be the command, in a process that was made for it."""
    import sys

    from flows.cli.app import run_command

    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["playbill", *words]
    code = run_command()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def spelled(person: str) -> list[bytes]:
    """Return how an id may stand in a file's bytes: as it is, and inside of JSON, with and without escapes."""
    name = person.removeprefix("ev_")
    inside = [json.dumps(name, ensure_ascii=as_ascii)[1:-1] for as_ascii in (True, False)]
    return sorted({text.encode() for text in (name, *inside)})


def mentions(value: Any, person: str) -> bool:
    """Tell whether a value read from a column names the person, however deep."""
    if isinstance(value, str):
        names = [name.decode() for name in spelled(person)]
        return any(re.search(rf"(?<![0-9a-z]){re.escape(name)}(?![0-9])", value) for name in names)
    if isinstance(value, dict):
        return any(mentions(part, person) for part in value.values())
    return isinstance(value, list | tuple) and any(mentions(part, person) for part in value)


def files_about(home: Path, person: str) -> list[str]:
    """Return the files under a folder that hold anything of a person: in their bytes, or in a column."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if any(re.search(re.escape(name) + rb"(?![0-9])", content) for name in spelled(person)) or (
            (path.suffix == ".parquet" and in_parquet(path, person))
            or (path.suffix == ".duckdb" and in_duckdb(path, person))
        ):
            found.append(str(path.relative_to(home)))
    return found


def in_table(table: pa.Table, person: str) -> bool:
    number = int(person.removeprefix("ml_")) if person.startswith("ml_") else None
    for name in table.column_names:
        values = table[name].to_pylist()
        if name == "user_id" and number in values and number is not None:
            return True
        if any(mentions(value, person) for value in values):
            return True
    return False


def in_parquet(path: Path, person: str) -> bool:
    return in_table(pq.ParquetFile(path).read(), person)


def in_duckdb(path: Path, person: str) -> bool:
    with duckdb.connect(str(path), read_only=True) as con:
        names = [row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return any(in_table(con.sql(f'SELECT * FROM "{name}"').to_arrow_table(), person) for name in names)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house in which everything up to the publish has run, with somebody who is known from a log alone."""
    home = tmp_path_factory.mktemp("ready")
    set_home = home / "ml-latest-small"
    set_home.mkdir()
    for name, text in small_set().items():
        (set_home / name).write_text(text)
    house = House(home, set_home)
    (house.data / "lake" / "inbox").mkdir(parents=True)
    lines = [
        json.dumps({"user_id": NAME, "movie_id": 500 + film, "event": "like", "timestamp": f"2026-01-{film:02d}"})
        for film in range(1, 13)
    ]
    (house.data / "lake" / "inbox" / "app.jsonl").write_text("\n".join(lines) + "\n")
    done = house.playbill("ingest --movielens {movielens}", "build", "train", "evaluate", "promote")
    assert done.returncode == 0, done.stderr
    return house


def test_the_search_finds_them_where_they_are(ready: House) -> None:
    for person, store in ((FROM_A_LOG, "lake/archive"), (FROM_THE_SET, "lake/movielens")):
        found = files_about(ready.data, person)
        assert any(name.startswith(store) for name in found), found
        assert any(name.endswith("warehouse.duckdb") for name in found), found
        assert any(name.endswith("interactions.parquet") for name in found), found


def test_forgotten_at_any_moment_of_a_publish(ready: House, tmp_path: Path) -> None:
    rng = np.random.default_rng(SEED)
    landed = {"left out of the release": 0, "taken out of the release": 0, "before publish began": 0}
    seconds = 0.0
    for number in range(-1, MOMENTS):
        house = House(tmp_path / "copy", ready.movielens)
        shutil.copytree(ready.home, house.home, symlinks=True)
        commands = Commands(house, tmp_path)
        person = (FROM_A_LOG, FROM_THE_SET)[int(rng.integers(2))]
        began = time.monotonic()
        if number < 0:  # how long a publish takes, and that it would hold them
            assert commands.run("publish")[0] == 0
            seconds = time.monotonic() - began
            assert files_about(house.data / "releases", FROM_A_LOG)
            assert files_about(house.data / "releases", FROM_THE_SET)
        else:
            with tally.attempt("forget while publishing"):
                publish = commands.start("publish")
                time.sleep(float(rng.random()) * seconds * 1.1)
                landed[end_of(house, commands, publish, person)] += 1
        shutil.rmtree(house.home)
    assert landed["left out of the release"] > 0, landed
    assert landed["taken out of the release"] > 0, landed


def end_of(house: House, commands: Commands, publish: tuple[ForkServerProcess, Path], person: str) -> str:
    """Forget somebody, let the publish end, look for them, and return when it came."""
    # the name that a person would type: the shell's words, split at blanks
    code, text = commands.run(f"forget {person} --yes --json")
    assert code == 0, text
    done = json.loads(text[text.index("{") :])
    code, text = finished(*publish)
    late = "left out of the release"
    if code:
        assert "is being written by another run" in text, text
        late = "before publish began"
        assert commands.run("publish")[0] == 0
    elif done["published"]:
        late = "taken out of the release"
    served = (house.data / "releases" / "CURRENT").read_text().strip()
    assert done["published"] in (None, served)
    older = tuple(f"releases/{release_id}/" for release_id in done["releases"])
    assert served not in done["releases"]
    # neither the served release, nor the lake, nor what was built from it, nor a leftover
    assert [name for name in files_about(house.data, person) if not name.startswith(older or ("?",))] == []
    if older:
        assert commands.run("publish")[0] == 0
    assert files_about(house.home, person) == []
    return late
