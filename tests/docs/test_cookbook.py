"""docs/cookbook.md: every query runs on a real release, and older DuckDB clients give the same rows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import Settings
from tests.flows.conftest import invoke, published, published_folder
from warehouse.query import open_releases, run_script

__all__ = ["invoke", "published", "published_folder"]

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
QUERIES = dict(re.findall(r"^### (\d+\. [^\n]+)\n+```sql\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE))
OF_ONE_RELEASE = {name: sql for name, sql in QUERIES.items() if int(name.partition(".")[0]) <= 20}
MAY_BE_EMPTY = {"8", "20", "22"}
"""Nothing that nobody is recommended, no row of the gate in a first run, nothing dropped: good news."""
CLIENTS = ("1.2.2", "1.4.4")
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
import duckdb
assert duckdb.__version__ == sys.argv[2], duckdb.__version__
con = duckdb.connect(sys.argv[3], read_only=True)
con.execute("SET TimeZone = 'UTC'")
answers = {name: con.execute(sql).fetchall() for name, sql in json.load(sys.stdin).items()}
json.dump(answers, sys.stdout, default=str)
"""
"""What an older client runs, in an interpreter that sees no other package."""


def test_there_are_twenty_for_any_client_and_more() -> None:
    assert len(OF_ONE_RELEASE) == 20
    assert len(QUERIES) == 24
    assert [int(name.partition(".")[0]) for name in QUERIES] == list(range(1, 25))
    assert TEXT.count("```sql") == len(QUERIES)


@pytest.mark.slow
def test_every_query_answers(published: list[str], run_settings: Settings) -> None:
    with open_releases(run_settings.folder) as con:
        for name, sql in QUERIES.items():
            results = [[row for chunk in result.chunks for row in chunk] for result in run_script(con, sql)]
            assert len(results) == 1, name
            assert results[0] or name.partition(".")[0] in MAY_BE_EMPTY, name


def installed(version: str, home: Path) -> Path:
    """Install a DuckDB client apart, or skip where the registry cannot be reached."""
    target = home / version
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(target),
        f"duckdb=={version}",
        "pytz",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"duckdb {version} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
    return target


@pytest.mark.slow
@pytest.mark.parametrize("version", CLIENTS)
def test_an_older_client_gives_the_same_rows(
    version: str, published: list[str], run_settings: Settings, tmp_path: Path
) -> None:
    database = run_settings.folder.releases / published[-1] / "release.duckdb"
    client = installed(version, tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ASK, str(client), version, str(database)],
        input=json.dumps(OF_ONE_RELEASE), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        ours = {name: con.execute(sql).fetchall() for name, sql in OF_ONE_RELEASE.items()}
    theirs = json.loads(done.stdout)
    for name, rows in json.loads(json.dumps(ours, default=str)).items():
        assert theirs[name] == rows, name
