"""The scratch database: empty for everybody who asks, gone afterwards, its failures in our words."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse.db import connect, new_database, scratch
from warehouse.errors import WarehouseError


def test_each_is_empty_and_alone() -> None:
    with scratch() as con, scratch() as other:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
        other.execute("CREATE TABLE t AS SELECT 2 AS a")
        con.execute("SET VARIABLE mine = 3")
        assert con.execute("SELECT a, getvariable('mine') FROM t").fetchall() == [(1, 3)]
        assert other.execute("SELECT a, getvariable('mine') FROM t").fetchall() == [(2, None)]
    with scratch() as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE NOT internal").fetchall() == [(0,)]
        query = "SELECT count(*) FROM duckdb_databases() WHERE database_name LIKE 'scratch%'"
        assert con.execute(query).fetchall() == [(1,)]


def test_many_threads_at_once() -> None:
    def count_to(n: int) -> int:
        with scratch() as con:
            con.execute(f"CREATE VIEW v AS SELECT unnest(range({n})) AS i")
            return int(con.execute("SELECT count(*) FROM v").fetchall()[0][0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(count_to, range(100))) == list(range(100))


def test_a_failure_is_told_in_our_words_and_leaves_no_trace() -> None:
    with pytest.raises(WarehouseError, match="DuckDB: Catalog Error"), scratch() as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
        con.execute("SELECT * FROM missing")
    with scratch() as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE NOT internal").fetchall() == [(0,)]


def test_a_forked_process_has_its_own() -> None:
    with scratch() as con:
        con.execute("SELECT 1")
    child = os.fork()
    if child == 0:
        with scratch() as con:
            os._exit(int(con.execute("SELECT 7").fetchall()[0][0]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_rows_are_kept_together_as_told_also_where_a_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "t.duckdb"
    with new_database(path, rows_together=2048) as con:
        con.execute("CREATE TABLE t AS SELECT range AS a FROM range(20_000)")
    with new_database(path, rows_together=2048) as con:
        con.execute("DELETE FROM t WHERE a % 100 = 0")
        con.execute("INSERT INTO t SELECT range FROM range(20_000, 20_200)")
    assert [file.name for file in tmp_path.iterdir()] == ["t.duckdb"]
    with connect(path, read_only=True) as con:
        assert con.execute("SELECT count(*), sum(a) FROM t").fetchall() == [(20_000, 202_019_900)]
        [(groups,)] = con.execute("SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('t')").fetchall()
    assert groups >= 9
