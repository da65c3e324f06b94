"""Bringing a copy of ``release.duckdb`` up to date: some people's rows, and whole tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from warehouse.checks import Finding
from warehouse.contracts.release import RELEASE_TABLES
from warehouse.db import Connection, connect, new_database, quoted
from warehouse.files import replacing
from warehouse.release_file import PERSONAL, ROWS_TOGETHER, checked, create_table


def update_release_file(
    path: Path, people: Mapping[str, pa.Table], tables: Mapping[str, pa.Table], gone: list[str], *, list_length: int
) -> list[Finding]:
    """Bring a copy of a release's file up to date: some people's rows, and whole tables.

    The copy was checked when it was published, for the films that there still are. So the checks look at the people
    whose rows are new, and what is read again from disk is what was written here.

    Parameters
    ----------
    people : mapping of str to pyarrow.Table
        For tables of a row a person, the rows that take the place of those people's.
    tables : mapping of str to pyarrow.Table
        Tables whose rows take the place of all.
    gone : list of str
        People whose rows are deleted.

    Returns
    -------
    list of Finding
        As of `write_release_file`.
    """
    touched = sorted({*gone, *(user_id for rows in people.values() for user_id in rows["user_id"].to_pylist())})
    values = partial(_values, tables=tuple(tables), user_ids=touched)
    with new_database(path, contents=values, rows_together=ROWS_TOGETHER) as con:
        for name, rows in people.items():
            outdated = pa.array([*rows["user_id"].to_pylist(), *gone], type=pa.string())
            con.register("outdated", pa.table({"user_id": outdated}))
            con.execute(f'DELETE FROM "{name}" WHERE user_id IN (SELECT user_id FROM outdated)')
            con.unregister("outdated")
            _insert(con, name, rows)
        for name, table in tables.items():
            con.execute(f'DROP TABLE "{name}"')
            create_table(con, name, table)
        findings = _checked_of(con, touched, list_length)
    if gone:
        _compact(path)
    return findings


def _insert(con: Connection, name: str, rows: pa.Table) -> None:
    if rows.num_rows:
        con.register("incoming", rows)
        con.execute(f'INSERT INTO "{name}" SELECT {RELEASE_TABLES[name].column_list} FROM incoming')
        con.unregister("incoming")


def _checked_of(con: Connection, user_ids: Sequence[str], list_length: int) -> list[Finding]:
    """Run the release checks as if these people were all: views of their rows hide the tables of the same names."""
    con.register("looked_at", pa.table({"user_id": pa.array(user_ids, type=pa.string())}))
    [(database,)] = con.execute("SELECT current_database()").fetchall()
    for name in PERSONAL:
        con.execute(
            f'CREATE TEMP VIEW "{name}" AS SELECT * FROM "{database}".main."{name}" '
            "WHERE user_id IN (SELECT user_id FROM looked_at)"
        )
    findings = checked(con, list_length)
    for name in PERSONAL:
        con.execute(f'DROP VIEW temp."{name}"')
    con.unregister("looked_at")
    return findings


def _values(con: Connection, tables: Sequence[str], user_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Return each table's rows, and a number made of all values of those that are new or were replaced."""
    own = dict.fromkeys(PERSONAL, "WHERE user_id IN (SELECT unnest(?::VARCHAR[]))")
    values = {name: con.execute(f'SELECT count(*) FROM "{name}"').fetchall() for name in RELEASE_TABLES}
    for name in dict.fromkeys((*PERSONAL, *tables)):
        where = "" if name in tables else own[name]
        query = f'SELECT bit_xor(hash(t)) FROM "{name}" AS t {where}'
        values[name] += con.execute(query, [list(user_ids)] if where else []).fetchall()
    return values


def _compact(path: Path) -> None:
    """Write a file anew: deleted rows stay in its blocks, and people who are gone are to be gone."""
    with replacing(path) as fresh, connect() as con:
        con.execute(f"ATTACH {quoted(path)} AS used (READ_ONLY)")
        con.execute(f"ATTACH {quoted(fresh)} AS fresh (ROW_GROUP_SIZE {ROWS_TOGETHER})")
        con.execute("COPY FROM DATABASE used TO fresh")
        con.execute("DETACH fresh")
