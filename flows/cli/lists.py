"""`playbill recommend`: somebody's list, with the films that it is due to."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from flows.cli.console import out
from flows.cli.printable import for_output
from pipelines.people.identity import of_request
from pipelines.people.suppression import suppressed
from pipelines.settings import load_settings
from warehouse.db import Connection
from warehouse.errors import UnknownUserError
from warehouse.query import ask, open_releases

LIST_SQL = """
    SELECT rank, movie_id, title, year, genres, score, source,
        list_transform(because, lambda b: b.movie_id) AS reasons, list_transform(because, lambda b: b.share) AS shares
    FROM recommendations INNER JOIN movies USING (movie_id, title)
    WHERE user_id = ? AND rank <= ? AND NOT list_contains(?::TEXT[], sha256(user_id))
    ORDER BY rank
"""
EXAMPLE_SQL = """
    SELECT user_id FROM recommendation_lists WHERE NOT list_contains(?::TEXT[], sha256(user_id))
    ORDER BY user_id LIMIT 1
"""
TITLES_SQL = "SELECT movie_id, title FROM movies WHERE list_contains(?::INTEGER[], movie_id)"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("recommend")(recommend)


def recommend(
    user: Annotated[str, typer.Argument(help="A user id such as sample_1 or ml_1.")],
    k: Annotated[int, typer.Option("-k", "--limit", min=1, max=1000, help="Films to show.")] = 10,
    release: Annotated[str | None, typer.Option("--release", help="A release instead of the current one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show somebody's list from the current release; somebody who was forgotten has none, in any release."""
    folder = load_settings().folder
    user, hidden = of_request(user.strip()), suppressed(folder)
    with open_releases(folder, release) as con:
        if not as_json:
            out.print(list_table(con, user, k, hidden))
            return
        rows = _rows(con, user, k, hidden)
    typer.echo(for_output(json.dumps({"user_id": user, "recommendations": rows}, indent=1, ensure_ascii=False)))


def list_table(con: Connection, user: str, k: int, hidden: frozenset[str] = frozenset()) -> Table:
    """Return somebody's list as a table for the terminal, but for people whose hash is in ``hidden``.

    Raises
    ------
    UnknownUserError
        If the release has no list for them.
    """
    rows = _rows(con, user, k, hidden)
    profile = ask(con, "SELECT ratings, top_genres FROM user_profiles WHERE user_id = ?", [user]).rows
    ratings, genres = profile[0] if profile else (0, [])
    table = Table(
        title=f"For {user}, who rated {ratings:,} films and likes {', '.join(genres) or 'a bit of everything'}"
    )
    for name, justify in (("#", "right"), ("film", "left"), ("genres", "left"), ("because of", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for row in rows:
        title = f"{row['title']} ({row['year']})" if row["year"] else row["title"]
        because = ", ".join(f"{reason['title']} {reason['share']:.0%}" for reason in row["because"])
        table.add_row(str(row["rank"]), title, ", ".join(row["genres"][:3]), because or row["source"])
    return table


def _rows(con: Connection, user: str, k: int, hidden: frozenset[str]) -> list[dict[str, Any]]:
    found = ask(con, LIST_SQL, [user, k, sorted(hidden)]).records()
    if not found:
        example = ask(con, EXAMPLE_SQL, [sorted(hidden)]).rows
        hint = f", for example {example[0][0]}" if example else ""
        raise UnknownUserError(f"the release holds no list for {user!r}; ids look like ml_1 or sample_1{hint}")
    wanted = sorted({movie for row in found for movie in row["reasons"] or []})
    titles = dict(ask(con, TITLES_SQL, [wanted]).rows)
    return [
        {
            **{name: row[name] for name in ("rank", "movie_id", "title", "year", "genres", "score", "source")},
            "because": [
                {"movie_id": movie, "title": titles.get(movie, str(movie)), "share": share}
                for movie, share in zip(row["reasons"] or [], row["shares"] or [], strict=True)
            ],
        }
        for row in found
    ]
