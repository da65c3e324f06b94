"""`playbill recommend` and `why-not`: somebody's list, with what it is due to, and what is not on it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from flows.cli.console import out
from flows.cli.options import JsonOption, ReleaseOption, UserArgument
from flows.cli.printable import for_output
from pipelines.people.identity import of_request
from pipelines.people.suppression import suppressed, suppressed_among
from pipelines.settings import load_settings
from warehouse.db import Connection
from warehouse.errors import UnknownUserError
from warehouse.query import ask, open_releases

LIST_SQL = """
    SELECT rank, movie_id, title, year, genres, score, source,
        list_transform(because, lambda b: b.movie_id) AS reasons, list_transform(because, lambda b: b.share) AS shares
    FROM recommendations INNER JOIN movies USING (movie_id, title)
    WHERE user_id = ? AND rank <= ?
    ORDER BY rank
"""
TITLES_SQL = "SELECT movie_id, title FROM movies WHERE list_contains(?::INTEGER[], movie_id)"
FIRST_PEOPLE_SQL = "SELECT user_id FROM recommendation_lists ORDER BY user_id LIMIT 100"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("recommend")(recommend)
    app.command("why-not")(why_not)


def recommend(
    user: UserArgument,
    k: Annotated[int, typer.Option("-k", "--limit", min=1, max=1000, help="Films to show.")] = 10,
    release: ReleaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show somebody's list from the current release."""
    folder, user_id = load_settings().folder, of_request(user)
    forgotten = suppressed(folder)
    with open_releases(folder, release) as con:
        if as_json:
            rows = list_rows(con, user_id, k, forgotten)
        else:
            out.print(list_table(con, user_id, k, forgotten))
    if as_json:
        answer = {"user_id": user_id, "recommendations": rows}
        typer.echo(for_output(json.dumps(answer, indent=1, ensure_ascii=False)))


def why_not(
    user: UserArgument,
    movie: Annotated[str, typer.Argument(help="A film: its TMDB id, or its whole title.")],
    release: ReleaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why a film is not on somebody's list: its place, its score and each channel's share, or what removed it."""
    settings, user_id = load_settings(), of_request(user)
    from pipelines.jobs.why_not import explain

    explained = explain(settings, user_id, movie, release)
    answer = explained.answer
    if as_json:
        about = {"user_id": user_id, "movie_id": explained.movie_id, "title": explained.title}
        body = {**about, "release_id": explained.release_id, **asdict(answer), "explanation": answer.in_words}
        typer.echo(for_output(json.dumps(body, indent=1, ensure_ascii=False)))
        return
    out.print(f"{explained.title} ({explained.movie_id}) for {user_id}: {answer.in_words}.")
    if answer.score is not None and answer.last_score is not None:
        out.print(f"Its score is {answer.score:.4f}; the last film of the list has {answer.last_score:.4f}.")
    if answer.channels:
        table = Table("channel", "adds", "share")
        for each in answer.channels:
            table.add_row(each.channel, f"{each.points:+.4f}", f"{each.share:.0%}")
        out.print(table)


def list_table(con: Connection, user: str, k: int, forgotten: frozenset[str] = frozenset()) -> Table:
    """Return somebody's list as a table for the terminal.

    Parameters
    ----------
    forgotten : frozenset of str
        Hashes of people whose lists are not shown, as if there were none.

    Raises
    ------
    UnknownUserError
        If the release has no list for them.
    """
    rows = list_rows(con, user, k, forgotten)
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


def list_rows(con: Connection, user: str, k: int, forgotten: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Return somebody's list with the titles of its reasons, a dictionary a film.

    Raises
    ------
    UnknownUserError
        If the release has no list for them.
    """
    films = [] if suppressed_among([user], forgotten) else ask(con, LIST_SQL, [user, k]).records()
    if not films:
        first = [row[0] for row in ask(con, FIRST_PEOPLE_SQL).rows]
        known = [other for other in first if not suppressed_among([other], forgotten)]
        hint = f", for example {known[0]}" if known else ""
        raise UnknownUserError(f"the release holds no list for {user!r}; ids look like ml_1 or sample_1{hint}")
    wanted = sorted({movie for row in films for movie in row["reasons"] or []})
    titles = dict(ask(con, TITLES_SQL, [wanted]).rows)
    return [
        {
            **{name: row[name] for name in ("rank", "movie_id", "title", "year", "genres", "score", "source")},
            "because": [
                {"movie_id": movie, "title": titles.get(movie, str(movie)), "share": share}
                for movie, share in zip(row["reasons"] or [], row["shares"] or [], strict=True)
            ],
        }
        for row in films
    ]
