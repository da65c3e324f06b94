"""Bringing a copy of ``release.duckdb`` up to date: some people's rows, and whole tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from warehouse.checks import Finding
from warehouse.contracts.release import RELEASE_TABLES
from warehouse.db import connect, new_database, quoted
from warehouse.files import replacing
from warehouse.release_file import checked, create_table


def update_release_file(
    path: Path, people: Mapping[str, pa.Table], tables: Mapping[str, pa.Table], gone: list[str], *, list_length: int
) -> list[Finding]:
    """Bring a copy of a release's file up to date: some people's rows, and whole tables.

    Parameters
    ----------
    people : mapping of str to pyarrow.Table
        For tables of a row a person, the rows that take the place of those people's.
    tables : mapping of str to pyarrow.Table
        Tables that take the place of the whole ones.
    gone : list of str
        People whose rows are deleted.

    Returns
    -------
    list of Finding
        As of `write_release_file`.
    """
    with new_database(path) as con:
        for name, rows in people.items():
            outdated = pa.array([*rows["user_id"].to_pylist(), *gone], type=pa.string())
            con.register("outdated", pa.table({"user_id": outdated}))
            con.execute(f'DELETE FROM "{name}" WHERE user_id IN (SELECT user_id FROM outdated)')
            con.unregister("outdated")
            if rows.num_rows:
                con.register("incoming", rows)
                con.execute(f'INSERT INTO "{name}" SELECT {RELEASE_TABLES[name].column_list} FROM incoming')
                con.unregister("incoming")
        for name, table in tables.items():
            con.execute(f'DROP TABLE "{name}"')
            create_table(con, name, table)
    if gone:
        _compact(path)
    with connect(path) as con:
        return checked(con, list_length)


def _compact(path: Path) -> None:
    """Write a file anew: deleted rows stay in its blocks, and people who are gone are to be gone."""
    with replacing(path) as fresh, connect() as con:
        con.execute(f"ATTACH {quoted(path)} AS used (READ_ONLY)")
        con.execute(f"ATTACH {quoted(fresh)} AS fresh")
        con.execute("COPY FROM DATABASE used TO fresh")
        con.execute("DETACH fresh")
