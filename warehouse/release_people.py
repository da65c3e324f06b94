"""Who is in a release and what they had rated, read from its file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from warehouse.db import connect
from warehouse.release_file import PERSONAL


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
    digest = "hash(movie_ids, ratings, rated_at, sources)"
    with connect(path, read_only=True) as con:
        con.register("incoming", ratings)
        rows = con.execute(
            f"""SELECT coalesce(fresh.user_id, old.user_id), fresh.user_id IS NOT NULL
            FROM (SELECT user_id, {digest} AS digest FROM incoming) AS fresh
            FULL OUTER JOIN (SELECT user_id, {digest} AS digest FROM histories) AS old ON fresh.user_id = old.user_id
            WHERE fresh.digest IS DISTINCT FROM old.digest ORDER BY 1"""
        ).fetchall()
    return [user for user, rates in rows if rates], [user for user, rates in rows if not rates]
