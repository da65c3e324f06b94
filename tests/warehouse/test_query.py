"""`playbill sql`: questions only. A stranger's SQL reads the releases and the lake, and reaches nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests import tally
from tests.warehouse.conftest import Playbill
from warehouse import ledgers
from warehouse.attached import sql_name
from warehouse.db import connect
from warehouse.publishing import publishing
from warehouse.store import ReleaseStore

ATTACKS = [
    "COPY (SELECT 1) TO '{out}'",
    "COPY cur.lists TO '{out}' (FORMAT parquet)",
    "COPY cur.lists FROM '{secret}'",
    "EXPORT DATABASE '{out}'",
    "IMPORT DATABASE '{out}'",
    "ATTACH '{out}'",
    "ATTACH '{release}' AS again",
    "DETACH cur; ATTACH '{release}' AS cur; DELETE FROM cur.lists",
    "DELETE FROM cur.lists",
    "INSERT INTO cur.lists VALUES ('eve')",
    "UPDATE cur.lists SET user_id = 'eve'",
    "DROP TABLE cur.lists",
    "CREATE TABLE cur.more (a INTEGER)",
    "CREATE OR REPLACE VIEW cur.lists AS SELECT 1",
    "ALTER TABLE cur.lists RENAME TO gone",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_json('{secret}')",
    "SELECT * FROM read_parquet('{lake}/*/*/*.parquet')",
    "SELECT * FROM parquet_metadata('{lake}/x.parquet')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM sniff_csv('{secret}')",
    "CREATE MACRO thief() AS TABLE SELECT * FROM read_text('{secret}')",
    "SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{secret}'",
    "SELECT * FROM read_csv('https://example.com/x.csv')",
    "CREATE PERSISTENT SECRET s (TYPE http)",
    "CALL enable_logging(storage = 'file', storage_config = {{'path': '{out}'}})",
    "SET enable_external_access = true",
    "SET GLOBAL enable_external_access = true",
    "RESET enable_external_access",
    "SET lock_configuration = false",
    "SET allowed_directories = ['/']",
    "SET temp_directory = '{out}'",
    "PRAGMA enable_profiling; SET profiling_output = '{out}'",
    "SET log_query_path = '{out}'",
    "SET home_directory = '{out}'",
    "SELECT getenv('PLAYBILL_DATA_DIR')",
    "SELECT * FROM con",
    "PREPARE p AS COPY (SELECT 1) TO '{out}'; EXECUTE p",
    # behind a statement that is good
    "SELECT 1; COPY (SELECT 1) TO '{out}'",
    "SELECT 1; SET enable_external_access = true",
    "BEGIN; DELETE FROM cur.lists; COMMIT",
    "CREATE TEMP TABLE mine AS SELECT 1 AS a; COPY mine TO '{out}' (FORMAT parquet)",
    "CREATE TEMP MACRO out() AS '{out}'; COPY (SELECT 1) TO (out())",
    # releases by their ids, the warehouse, the lake
    "DELETE FROM {by_id}.lists",
    "CREATE TABLE {by_id}.more (a INTEGER)",
    "DROP VIEW {by_id}.glance",
    "DELETE FROM warehouse.mart_numbers",
    "CREATE TABLE warehouse.more (a INTEGER)",
    "SELECT * FROM warehouse.raw_numbers",
    "DETACH {by_id}; ATTACH '{release}' AS {by_id}; DELETE FROM {by_id}.lists",
    "DETACH warehouse; ATTACH '{folder}/data/builds/b1/warehouse.duckdb' AS warehouse",
    "INSERT INTO lake.releases_log BY NAME SELECT 'eve' AS event",
    "COPY FROM DATABASE cur TO warehouse",
    "CHECKPOINT warehouse; DROP TABLE warehouse.mart_numbers",
    "USE warehouse; ALTER TABLE mart_numbers RENAME TO gone",
    "COMMENT ON TABLE cur.lists IS 'eve was here'",
    "CREATE INDEX eve ON cur.lists (user_id)",
    "TRUNCATE cur.lists",
]


@pytest.fixture
def tiny(run_settings: Settings) -> Settings:
    """One release with one table, and a ledger beside it."""
    store = ReleaseStore(run_settings.folder)
    facts = {"dataset": "tiny", "model": "popularity", "users": 1, "ratings": 1, "metrics": {}}
    now = datetime(2026, 11, 21, 3, tzinfo=UTC)
    with publishing(store, facts, now) as draft, connect(draft.database) as con:
        con.execute("CREATE TABLE lists AS SELECT 'ann' AS user_id")
        con.execute("CREATE VIEW glance AS SELECT * FROM lists")
        con.execute("CHECKPOINT")
    built = run_settings.folder.root / "builds" / "b1"
    built.mkdir(parents=True)
    landed = run_settings.folder.lake / "numbers.parquet"
    landed.parent.mkdir(exist_ok=True)
    with connect(built / "warehouse.duckdb") as con:
        con.execute("CREATE TABLE mart_numbers AS SELECT 7 AS number")
        con.execute(f"COPY mart_numbers TO '{landed}' (FORMAT parquet)")
        con.execute(f"CREATE VIEW raw_numbers AS SELECT * FROM read_parquet('{landed}')")
    (run_settings.folder.root / "builds" / "current").symlink_to("b1")
    row = {"event": "published", "release_id": store.current_id(), "previous": None}
    ledgers.append(run_settings.folder, "releases", "run-1", [row])
    return run_settings


def everything(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_no_statement_leaves_the_connection(
    playbill: Playbill, tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("hunter2\n")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    release = ReleaseStore(tiny.folder).current().database
    by_id = sql_name(ReleaseStore(tiny.folder).current_id())
    places = {"out": tmp_path / "out", "secret": secret, "release": release, "folder": tmp_path, "by_id": by_id}
    before = everything(tmp_path)
    script = tmp_path / "script.sql"
    for number, attack in enumerate(ATTACKS):
        with tally.attempt("SQL that reaches outside"):
            question = attack.format(**places, lake=tiny.folder.lake)
            script.write_text(question)
            door = (
                ["-f", str(script)], ["--format", "csv", question], ["-o", str(tmp_path / "result.csv"), question],
                ["-o", str(tmp_path / "result.parquet"), question], [question],
            )[number % 5]  # fmt: skip
            code, text = playbill("sql", *door)
            script.unlink()
            assert code != 0, attack
            assert "hunter2" not in text, attack
            assert everything(tmp_path) == before, attack
    code, text = playbill("sql", "SELECT user_id FROM lists")
    assert (code, "ann" in text) == (0, True)


def test_ledgers_are_read_through_the_wall(playbill: Playbill, tiny: Settings) -> None:
    code, text = playbill("sql", "SELECT event, release_id FROM lake.releases_log", "--format", "csv")
    assert code == 0
    assert f"published,{ReleaseStore(tiny.folder).current_id()}" in text


@pytest.mark.parametrize("name", ["000000009-00000000.parquet", "x.parquet"])
def test_an_empty_ledger_file_is_no_obstacle(playbill: Playbill, tiny: Settings, name: str) -> None:
    (tiny.folder.ledgers / "releases" / name).touch()
    code, text = playbill("sql", "SELECT count(*) AS n FROM lake.releases_log", "--format", "csv")
    assert (code, "n\n1" in text.replace("\r", "")) == (0, True)
    assert playbill("sql", "select 1")[0] == 0


def test_a_damaged_data_set_is_left_out(playbill: Playbill, tiny: Settings) -> None:
    tiny.folder.dataset("movies_enriched").write_bytes(b"PAR1 no")
    assert playbill("sql", "select 1")[0] == 0
    assert playbill("sql", "select * from lake.movies_enriched")[0] != 0


def test_a_damaged_release_is_found_by_verify(playbill: Playbill, tiny: Settings) -> None:
    assert playbill("releases", "--verify")[0] == 0
    ReleaseStore(tiny.folder).current().database.unlink()
    code, text = playbill("releases", "--verify")
    assert code == 1
    assert "release.duckdb is missing or changed" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range % 7 = b.range % 3",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 1000000000) SELECT max(n) FROM r",
        "SELECT sum(length(repeat('x', (range % 1000)::INTEGER))) FROM range(100000000000)",
    ],
)
def test_ctrl_c_ends_a_runaway_query(tiny: Settings, query: str) -> None:
    environment = {**os.environ, "PLAYBILL_DATA_DIR": str(tiny.data_dir)}
    command = [sys.executable, "-c", "from flows.cli import main; main()", "sql", query]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process, tally.attempt("Ctrl-C in a runaway query"):
        time.sleep(6)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.wait(10)
        assert time.monotonic() - started < 2  # the promise itself is a time
        assert process.returncode == 130
