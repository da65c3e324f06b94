"""``release.duckdb``: written table by table from Arrow, checked against its contracts and its checks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from warehouse.build import read_sql
from warehouse.checks import Finding, check_all
from warehouse.contracts.release import RELEASE_TABLES, RELEASE_VIEWS
from warehouse.db import Connection, connect, new_database, quoted
from warehouse.errors import ContractError
from warehouse.files import replacing

INDEXED = {"recommendation_lists": "user_id", "histories": "user_id", "movies": "movie_id"}
"""Tables that are looked up by one value; the index is built after the load, which is many times faster."""

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
    with new_database(path) as con:
        for name in RELEASE_TABLES:
            _create(con, name, tables[name])
        for file in read_sql("release"):
            con.execute(f'CREATE VIEW "{file.name}" AS {file.query}')
            RELEASE_VIEWS[file.name].check(con)
            RELEASE_VIEWS[file.name].comment(con, view=True)
        return _checked(con, list_length)


def ratings_by_person(path: Path) -> dict[str, int]:
    """Return everybody whom a release knows, with the ratings in their history."""
    people = " UNION ".join(f'SELECT user_id FROM "{name}"' for name in PERSONAL)
    with connect(path, read_only=True) as con:
        rows = con.execute(
            f"""SELECT people.user_id, coalesce(len(histories.movie_ids), 0) FROM ({people}) AS people
            LEFT JOIN histories ON people.user_id = histories.user_id ORDER BY people.user_id"""
        ).fetchall()
    return dict(rows)


def rated_films(path: Path) -> pa.Table:
    """Return what everybody in a release had rated: user_id, movie_ids."""
    with connect(path, read_only=True) as con:
        return con.sql("SELECT user_id, movie_ids FROM histories ORDER BY user_id").to_arrow_table()


def changed_people(path: Path, ratings: pa.Table) -> tuple[list[str], list[str]]:
    """Compare people's ratings with a release's histories.

    Parameters
    ----------
    ratings : pyarrow.Table
        A row a person: user_id, and movie_ids, ratings, rated_at and sources as ``histories`` has them.

    Returns
    -------
    changed, gone : lists of str
        People who are new or whose ratings differ in anything; people of the release who are in ``ratings`` no more.
    """
    digest = "hash(movie_ids, ratings, [epoch_us(moment) FOR moment IN rated_at], sources)"
    with connect(path, read_only=True) as con:
        con.register("incoming", ratings)
        rows = con.execute(
            f"""SELECT coalesce(fresh.user_id, old.user_id), fresh.user_id IS NOT NULL
            FROM (SELECT user_id, {digest} AS digest FROM incoming) AS fresh
            FULL OUTER JOIN (SELECT user_id, {digest} AS digest FROM histories) AS old ON fresh.user_id = old.user_id
            WHERE fresh.digest IS DISTINCT FROM old.digest ORDER BY 1"""
        ).fetchall()
    return [user for user, here in rows if here], [user for user, here in rows if not here]


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
            _create(con, name, table)
    if gone:
        _compact(path)
    with connect(path) as con:
        return _checked(con, list_length)


def _compact(path: Path) -> None:
    """Write a file anew: deleted rows stay in its blocks, and people who are gone are to be gone."""
    with replacing(path) as fresh, connect() as con:
        con.execute(f"ATTACH {quoted(path)} AS used (READ_ONLY)")
        con.execute(f"ATTACH {quoted(fresh)} AS fresh")
        con.execute("COPY FROM DATABASE used TO fresh")
        con.execute("DETACH fresh")


def _create(con: Connection, name: str, table: pa.Table) -> None:
    relation = RELEASE_TABLES[name]
    con.register("incoming", table)
    con.execute(relation.create_sql)
    con.execute(f'INSERT INTO "{name}" SELECT {relation.column_list} FROM incoming')
    con.unregister("incoming")
    if name in INDEXED:
        con.execute(f'CREATE UNIQUE INDEX "{name}_key" ON "{name}" ({INDEXED[name]})')
    relation.check(con)
    relation.comment(con)


def _checked(con: Connection, list_length: int) -> list[Finding]:
    con.execute("SET VARIABLE list_length = ?", [list_length])
    return check_all(con, "release_checks")
