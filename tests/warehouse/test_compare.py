"""Two releases side by side, worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from warehouse.compare import compare
from warehouse.db import connect
from warehouse.store import Release

TITLES = {n: f"Film {n}" for n in range(1, 151)}


def release(home: Path, name: str, people: dict[str, tuple[int, list[int]]], top: list[int], **facts: Any) -> Release:
    path = home / name
    path.mkdir()
    with connect(path / "release.duckdb") as con:
        con.execute("CREATE TABLE histories (user_id TEXT, fingerprint UBIGINT)")
        con.execute("CREATE TABLE recommendation_lists (user_id TEXT, movie_ids INTEGER[])")
        con.execute("CREATE TABLE movies (movie_id INTEGER, title TEXT)")
        con.execute("CREATE TABLE popular_movies (scope TEXT, rank SMALLINT, movie_id INTEGER)")
        for user, (fingerprint, films) in people.items():
            con.execute("INSERT INTO histories VALUES (?, ?)", [user, fingerprint])
            con.execute("INSERT INTO recommendation_lists VALUES (?, ?)", [user, films])
        for film in sorted({*top, 1}):
            con.execute("INSERT INTO movies VALUES (?, ?)", [film, TITLES[film]])
        for rank, film in enumerate(top, start=1):
            con.execute("INSERT INTO popular_movies VALUES ('all', ?, ?), ('trending', ?, 1)", [rank, film, rank])
    return Release(name, path, facts)


def test_people_lists_films_and_facts(tmp_path: Path) -> None:
    ten = list(range(1, 11))
    old = {"ann": (7, [*ten, 11]), "ben": (8, ten), "cat": (9, ten)}
    new = {"ann": (7, [*ten, 12]), "ben": (80, [*range(1, 6), *range(21, 26)]), "dan": (1, ten)}
    top_old = list(range(1, 103))
    top_new = [102, *range(1, 99), 150, 99]  # 102 climbs from 102nd to first, 150 is new; 99 and 100 fall out
    a = release(tmp_path, "a", old, top_old, model="als", users=3, recipe={"factors": 8, "history": {"decay": 0.8}})
    b = release(tmp_path, "b", new, top_new, model="als", users=3, recipe={"factors": 16, "history": {"decay": 0.8}})
    found = compare(a, b)
    assert found.people == {"both": 2, "added": 1, "removed": 1, "changed_ratings": 1, "changed_lists": 2}
    assert found.overlap == {"at_10": pytest.approx(0.75), "whole": pytest.approx((10 / 11 + 0.5) / 2)}
    assert found.entered == [(102, "Film 102"), (150, "Film 150")]
    assert found.left == [(99, "Film 99"), (100, "Film 100")]
    assert found.facts == {"recipe.factors": (8, 16)}
    assert compare(a, a).facts == {}
