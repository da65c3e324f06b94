"""`playbill sql` as a shell: scripts, formats, files, releases by their ids, the warehouse."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.settings import Settings
from tests.command import environment
from tests.flows.conftest import Invoke
from warehouse.attached import sql_name


def test_a_script_runs_to_its_end(invoke: Invoke, published: list[str], tmp_path: Path) -> None:
    script = tmp_path / "q.sql"
    script.write_text(
        "-- a comment; with a semicolon\nSET VARIABLE n = 2;\nCREATE TEMP TABLE mine AS SELECT 'a;b' AS text;\n"
        "SELECT text FROM mine;\nSELECT getvariable('n') * 3 AS six;\n"
    )
    code, text = invoke("sql", "-f", str(script), "--format", "csv")
    assert (code, text) == (0, "text\na;b\nsix\n6\n")
    code, text = invoke("sql", "select 1 as a; selec 2; select 3", "--format", "csv")
    assert code == 2
    assert "syntax error" in text


def test_no_markup_is_read_into_data(invoke: Invoke, published: list[str]) -> None:
    code, text = invoke("sql", "select '[bold]x[/bold] [/] :smile:' as word")
    assert code == 0
    assert "[bold]x[/bold] [/] :smile:" in text


ODD = """SELECT [1, NULL] AS list, {'a': 'ü'} AS object, 7::HUGEINT AS whole, NULL AS nothing,
    TIMESTAMPTZ '2026-01-02 03:04Z' AS at"""


def test_formats(invoke: Invoke, published: list[str], tmp_path: Path) -> None:
    code, text = invoke("sql", ODD, "--format", "json")
    assert code == 0
    assert json.loads(text) == [
        {"list": [1, None], "object": {"a": "ü"}, "whole": 7, "nothing": None, "at": "2026-01-02T03:04:00+00:00"}
    ]
    rows = list(csv.DictReader(io.StringIO(invoke("sql", ODD, "--format", "csv")[1])))
    assert json.loads(rows[0]["list"]) == [1, None]
    assert json.loads(rows[0]["object"]) == {"a": "ü"}
    for name in ("out.csv", "out.json", "out.parquet"):
        code, text = invoke("sql", "select movie_id, title, genres from movies", "-o", str(tmp_path / name))
        assert (code, text) == (0, f"40 rows written to {tmp_path / name}\n")
    assert len(json.loads((tmp_path / "out.json").read_text())) == 40
    assert len(list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text())))) == 41
    table = pq.read_table(tmp_path / "out.parquet")
    assert (table.num_rows, str(table.schema.field("genres").type)) == (40, "list<element: string>")
    assert {path.name for path in tmp_path.glob("out*")} == {"out.csv", "out.json", "out.parquet"}


def test_json_without_a_row_is_json(invoke: Invoke, published: list[str]) -> None:
    assert json.loads(invoke("sql", "select 1 as a where false", "--format", "json")[1]) == []
    assert json.loads(invoke("sql", "select 1 as a, 2 as a", "--format", "json")[1]) == [{"a": 1, "a_1": 2}]


def test_any_release_by_its_id(invoke: Invoke, published: list[str]) -> None:
    for release_id in published:
        question = f"select release_id from {sql_name(release_id)}.release"
        assert invoke("sql", question, "--format", "csv") == (0, f"release_id\n{release_id}\n")


def test_the_warehouse_can_be_asked_while_a_run_writes(
    invoke: Invoke, published: list[str], run_settings: Settings
) -> None:
    from warehouse.lock import writing

    question = "select count(*) > 0 as any from warehouse.fct_interactions"
    with writing(run_settings.folder):
        assert invoke("sql", question, "--format", "csv") == (0, "any\nTrue\n")
    code, text = invoke("sql", "select reason, count(*) as n from warehouse.mart_dropped_ratings group by 1")
    assert (code, "Traceback" in text) == (0, False)


def test_what_the_file_says_of_itself(invoke: Invoke, published: list[str], run_settings: Settings) -> None:
    database = run_settings.folder.releases / published[-1] / "release.duckdb"
    with duckdb.connect(str(database), read_only=True) as con:
        tags = con.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'release'").fetchall()
        silent = con.execute(
            "SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
        ).fetchall()
        tables = con.execute(
            "SELECT comment FROM duckdb_tables() UNION ALL SELECT comment FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        glance = con.execute("SELECT user_id, films, length FROM lists_at_a_glance ORDER BY user_id").fetchall()
        titles = con.execute(
            "SELECT title FROM recommendations WHERE user_id = ? AND rank <= 10 ORDER BY rank", [glance[0][0]]
        ).fetchall()
    assert tags[0][0]["storage_version"].startswith("v1.2")
    assert silent == []
    assert all(comment for (comment,) in tables)
    assert glance[0][1] == " · ".join(title for (title,) in titles)
    assert len(glance) == 60


def in_a_terminal(settings: Settings, typed: str) -> str:
    """Type into the prompt and return what is shown."""
    main, side = pty.openpty()
    command = [sys.executable, "-c", "from flows.cli import main; main()", "sql"]
    given = {**environment(settings), "TERM": "xterm", "COLUMNS": "300"}
    process = subprocess.Popen(command, env=given, stdin=side, stdout=side, stderr=side, close_fds=True)
    os.close(side)
    os.write(main, typed.encode())
    shown = b""
    try:
        while piece := os.read(main, 65536):
            shown += piece
    except OSError:  # the other side is closed
        pass
    assert process.wait(60) == 0
    os.close(main)
    return shown.decode()


@pytest.mark.slow
def test_the_prompt(published: list[str], run_settings: Settings) -> None:
    shown = in_a_terminal(
        run_settings,
        "select count(*)\nas people from recommendation_lists;\nselec;\n.columns release\n.tables\n.oops\n.quit\n",
    )
    assert "60" in shown
    assert "syntax error" in shown
    assert "UTC time and six hex digits of the manifest" in shown
    assert "fct_interactions" in shown
    assert "there are .tables" in shown
