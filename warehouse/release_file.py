"""``release.duckdb``: written table by table from Arrow, checked against its contracts and its checks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from warehouse.build import read_sql
from warehouse.checks import Finding, check_all
from warehouse.contracts.release import RELEASE_TABLES, RELEASE_VIEWS
from warehouse.db import Connection, new_database
from warehouse.errors import ContractError

INDEXED = {"recommendation_lists": "user_id", "histories": "user_id", "movies": "movie_id"}
"""Tables that are looked up by one value; the index is built after the load, which is many times faster."""

ROWS_TOGETHER = 16_384
"""Where some people's rows are replaced, so many people's around them are written again."""

PERSONAL = tuple(
    name for name, relation in RELEASE_TABLES.items() if any(column.name == "user_id" for column in relation.columns)
)
"""Tables of a row a person."""


def write_release_file(path: Path, tables: Mapping[str, pa.Table], *, list_length: int) -> list[Finding]:
    """Write every table of a release, then run the release checks on it.

    Parameters
    ----------
    tables : mapping of str to pyarrow.Table
        One a relation of `RELEASE_TABLES`, rows in the order they are to be stored.
    list_length : int
        Films that every list should hold.

    Returns
    -------
    list of Finding
        One a file of ``warehouse/sql/release_checks``.

    Raises
    ------
    ContractError
        If a table is missing or differs from its contract.
    """
    missing = sorted(set(RELEASE_TABLES) - set(tables))
    if missing:
        raise ContractError(f"a release needs the tables {', '.join(RELEASE_TABLES)}; {', '.join(missing)} is missing")
    with new_database(path, rows_together=ROWS_TOGETHER) as con:
        for name in RELEASE_TABLES:
            create_table(con, name, tables[name])
        for file in read_sql("release"):
            con.execute(f'CREATE VIEW "{file.name}" AS {file.query}')
            RELEASE_VIEWS[file.name].check(con)
            RELEASE_VIEWS[file.name].comment(con, view=True)
        return checked(con, list_length)


def create_table(con: Connection, name: str, table: pa.Table) -> None:
    """Make a table of a release from Arrow, with its index, and compare it with its contract."""
    relation = RELEASE_TABLES[name]
    con.register("incoming", table)
    con.execute(relation.create_sql)
    con.execute(f'INSERT INTO "{name}" SELECT {relation.column_list} FROM incoming')
    con.unregister("incoming")
    if name in INDEXED:
        con.execute(f'CREATE UNIQUE INDEX "{name}_key" ON "{name}" ({INDEXED[name]})')
    relation.check(con)
    relation.comment(con)


def checked(con: Connection, list_length: int) -> list[Finding]:
    """Run the release checks."""
    con.execute("SET VARIABLE list_length = ?", [list_length])
    return check_all(con, "release_checks")
