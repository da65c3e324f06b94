"""`playbill forget` at 50 moments of a running `playbill publish`: afterwards nothing of the person is in any file.

The moments, and who is forgotten, come from `SEED`. What a release that was published before holds goes when it is
pruned, as docs/privacy.md says: where forgetting came after the release was named, one more publish prunes it.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import tally
from tests.conftest import small_set
from tests.faults.conftest import Done, Forks, House

pytestmark = pytest.mark.slow

SEED, MOMENTS = 20261121, 50
NAME = 'zoé"kowalska'
FROM_A_LOG, FROM_THE_SET = f"ev_{NAME}", "ml_7"


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
def ready(tmp_path_factory: pytest.TempPathFactory, forks: Forks, tmdb: str) -> House:
    """A house in which everything up to the publish has run, with somebody who is known from a log alone."""
    house = House(tmp_path_factory.mktemp("ready"), forks, tmdb)
    house.movielens.mkdir()
    for name, text in small_set().items():
        (house.movielens / name).write_text(text)
    inbox = house.data / "lake" / "inbox"
    inbox.mkdir(parents=True)
    lines = [
        json.dumps({"user_id": NAME, "movie_id": 500 + film, "event": "like", "timestamp": f"2026-01-{film:02d}"})
        for film in range(1, 13)
    ]
    (inbox / "app.jsonl").write_text("\n".join(lines) + "\n")
    done = house.playbill("ingest --movielens {set}", "build", "train", "evaluate", "promote")
    assert done.code == 0, done.err
    return house


def test_the_search_finds_them_where_they_are(ready: House) -> None:
    for person, store in ((FROM_A_LOG, "lake/archive"), (FROM_THE_SET, "lake/movielens")):
        found = files_about(ready.data, person)
        assert any(name.startswith(store) for name in found), found
        assert any(name.endswith("warehouse.duckdb") for name in found), found
        assert any(name.endswith("interactions.parquet") for name in found), found


def test_forgotten_at_any_moment_of_a_publish(ready: House, hands: ThreadPoolExecutor, tmp_path: Path) -> None:
    rng = np.random.default_rng(SEED)
    house = copy_of(ready, tmp_path)
    began = time.monotonic()
    assert house.playbill("publish").code == 0  # how long one takes, and that it would hold them
    seconds = time.monotonic() - began
    for person in (FROM_A_LOG, FROM_THE_SET):
        assert files_about(house.data / "releases", person)
    landed: Counter[str] = Counter()
    for _ in range(MOMENTS):
        house = copy_of(ready, tmp_path)
        person = (FROM_A_LOG, FROM_THE_SET)[int(rng.integers(2))]
        with tally.attempt("forget while publishing"):
            publish = hands.submit(house.playbill, "publish")
            time.sleep(float(rng.random()) * seconds * 1.1)
            landed[end_of(house, publish, person)] += 1
    assert landed["left out of the release"] > 0, landed
    assert landed["taken out of the release"] > 0, landed


def copy_of(ready: House, home: Path) -> House:
    shutil.rmtree(home / "copy", ignore_errors=True)
    house = ready.copy(home / "copy")
    house.own = {"PLAYBILL_RELEASES__KEEP": "2", "PLAYBILL_RELEASES__DAILY": "0"}
    return house


def end_of(house: House, publish: Future[Done], person: str) -> str:
    """Forget somebody, let the publish end, look for them everywhere, and return when it came."""
    forget = house.playbill(f"forget {person} --yes --json")
    assert forget.code == 0, forget.err
    done, published = json.loads(forget.out), publish.result()
    if published.code:
        assert "is being written by another run" in published.err, published.err
        assert house.playbill("publish").code == 0
        when = "before the publish began"
    else:
        when = "taken out of the release" if done["published"] else "left out of the release"
    assert done["published"] in (None, house.current)
    assert house.current not in done["releases"]
    # neither the served release, nor the lake, nor what was built from it, nor a leftover
    older = tuple(f"releases/{release_id}/" for release_id in done["releases"])
    assert [name for name in files_about(house.data, person) if not name.startswith(older)] == []
    if older:  # the release that was named before they were forgotten goes when it is pruned
        assert house.playbill("publish").code == 0
        assert files_about(house.data, person) == []
    return when
