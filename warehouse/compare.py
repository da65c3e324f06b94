"""Two releases side by side: whose ratings and lists changed, what became popular, what made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warehouse.db import Connection, connect, quoted
from warehouse.store import Release

TOP = 100
AT = 10
FACTS = ("dataset", "model", "arrays_from", "git_revision", "data_watermark", "users", "movies", "ratings")


@dataclass(frozen=True)
class Difference:
    """What tells release ``new`` from release ``old``.

    Attributes
    ----------
    people : dict
        How many are ``added``, ``removed``, have ``changed_ratings``, ``changed_lists``, or are in ``both``.
    overlap : dict
        Mean share of films that a person's two lists have in common, 0 to 1: ``at_10`` and ``whole``; None for nobody.
    entered, left : lists of (movie_id, title)
        Films that came into and fell out of the 100 most popular, best first.
    facts : dict of name to (old, new)
        What differs in the manifests: data, model, ``recipe.…`` and ``metrics.…``.
    """

    old: str
    new: str
    people: dict[str, int]
    overlap: dict[str, float | None]
    entered: list[tuple[int, str]]
    left: list[tuple[int, str]]
    facts: dict[str, tuple[Any, Any]]


def compare(old: Release, new: Release) -> Difference:
    """Compare two releases of this version's schema."""
    with connect() as con:
        con.execute(f"ATTACH {quoted(old.database)} AS old (READ_ONLY)")
        con.execute(f"ATTACH {quoted(new.database)} AS new (READ_ONLY)")
        people, overlap = _people(con)
        entered, left = _top(con, "new", "old"), _top(con, "old", "new")
    facts = _differing(_facts(old.manifest), _facts(new.manifest))
    return Difference(old.release_id, new.release_id, people, overlap, entered, left, facts)


def _people(con: Connection) -> tuple[dict[str, int], dict[str, float | None]]:
    """Count people by what became of them, and measure how much of their lists stayed."""
    counts = con.execute(
        """SELECT count(*) FILTER (a.user_id IS NULL), count(*) FILTER (b.user_id IS NULL),
            count(*) FILTER (a.fingerprint <> b.fingerprint)
        FROM old.histories AS a FULL OUTER JOIN new.histories AS b ON a.user_id = b.user_id"""
    ).fetchall()[0]
    lists = con.execute(
        f"""SELECT count(*), count(*) FILTER (a.movie_ids <> b.movie_ids),
            avg(len(list_intersect(a.movie_ids[:{AT}], b.movie_ids[:{AT}]))
                / greatest(len(a.movie_ids[:{AT}]), len(b.movie_ids[:{AT}]), 1)),
            avg(len(list_intersect(a.movie_ids, b.movie_ids)) / greatest(len(a.movie_ids), len(b.movie_ids), 1))
        FROM old.recommendation_lists AS a INNER JOIN new.recommendation_lists AS b ON a.user_id = b.user_id"""
    ).fetchall()[0]
    people = {
        "both": lists[0], "added": counts[0], "removed": counts[1], "changed_ratings": counts[2],
        "changed_lists": lists[1],
    }  # fmt: skip
    return people, {f"at_{AT}": lists[2], "whole": lists[3]}


def _top(con: Connection, here: str, there: str) -> list[tuple[int, str]]:
    """Return the films that are among one release's most popular and not among the other's."""
    return con.execute(
        f"""SELECT top.movie_id, movies.title
        FROM {here}.popular_movies AS top INNER JOIN {here}.movies AS movies ON top.movie_id = movies.movie_id
        WHERE top.scope = 'all' AND top.rank <= {TOP} AND top.movie_id NOT IN (
            SELECT movie_id FROM {there}.popular_movies WHERE scope = 'all' AND rank <= {TOP})
        ORDER BY top.rank"""
    ).fetchall()


def _facts(manifest: dict[str, Any]) -> dict[str, Any]:
    facts = {name: manifest.get(name) for name in FACTS}
    return {**facts, **_flat("recipe", manifest.get("recipe")), **_flat("metrics", manifest.get("metrics"))}


def _flat(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    return {path: leaf for key, inner in value.items() for path, leaf in _flat(f"{name}.{key}", inner).items()}


def _differing(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = sorted({*old, *new}, key=lambda name: (name not in FACTS, name))
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}
