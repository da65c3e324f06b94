"""Reading one release for the API: whole tables once, single rows by key, never a write.

The file is attached read-only to a database in memory, so that two releases, or one release twice, can be open in
one process. It is closed when the last reference to the reader is gone: whoever still answers from an old release
keeps it open just by holding it.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.build import read_sql
from warehouse.db import CONFIG, Connection, quoted
from warehouse.errors import BrokenReleaseError

BATCH_PEOPLE = 20_000
"""Lists read at once: bounds what a release costs while it is opened."""
WHOLE_TABLES, SINGLE_ROWS = "512MB", "64MB"
"""What DuckDB may keep in memory while it reads whole tables, and afterwards, when it only looks rows up."""


@dataclass(frozen=True)
class StoredHistory:
    """What the release knows that somebody rated, oldest first."""

    movie_ids: list[int]
    ratings: list[float]
    rated_seconds: list[int]
    sources: list[str]
    fingerprint: int


class ReleaseReader:
    """One release's DuckDB file; safe to use from many threads.

    Parameters
    ----------
    database : Path
        ``release.duckdb`` of a published release.
    poster_base_url : str
        Put before a film's poster path.

    Raises
    ------
    BrokenReleaseError
        If the file cannot be opened, here or in any method.
    """

    def __init__(self, database: Path, *, poster_base_url: str = "") -> None:
        self._database = database
        self._poster_base_url = poster_base_url
        self._sql = {file.name: file.query.rstrip().rstrip(";") for file in read_sql("serving")}
        self._idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        with self._errors():
            self._host = duckdb.connect(":memory:", config={**CONFIG, "threads": 1, "memory_limit": SINGLE_ROWS})
            self._host.execute(f"ATTACH {quoted(database)} AS release_file (READ_ONLY)")

    def check_numbers(self) -> None:
        """Look at every score and share once.

        Raises
        ------
        BrokenReleaseError
            If one is NaN or infinite: no answer could say it.
        """
        with self._roomy(), self._cursor() as cursor:
            relations = cursor.execute(self._sql["broken_numbers"]).fetchall()
        if relations:
            named = ", ".join(f"{name} ({rows} rows)" for name, rows in relations)
            raise BrokenReleaseError(f"{self._database} has numbers that are none in {named}; roll back to another")

    # -- whole tables, once a release ---------------------------------------------------------------------------

    def films(self) -> pa.Table:
        """Return every film with a title, by movie_id: what lists are filtered by, and its JSON as bytes."""
        with self._roomy(), self._cursor() as cursor:
            return cursor.sql(self._sql["film_cards"]).to_arrow_table()

    def size_of_lists(self) -> tuple[int, int, int]:
        """Return how many people have a list, how many films are in all lists, and how many of them are explained."""
        with self._roomy(), self._cursor() as cursor:
            people, films, explained = cursor.execute(
                "SELECT count(*), coalesce(sum(len(movie_ids)), 0), coalesce(sum(len(because)), 0) "
                "FROM recommendation_lists"
            ).fetchall()[0]
        return int(people), int(films), int(explained)

    def lists(self) -> Iterator[pa.Table]:
        """Yield everybody's list, some thousand people at a time."""
        with self._roomy(), self._cursor() as cursor:
            reader = cursor.sql(self._sql["lists"]).to_arrow_reader(BATCH_PEOPLE)
            for batch in reader:
                yield pa.Table.from_batches([batch])

    def popular(self) -> dict[str, list[tuple[int, float]]]:
        """Return (movie_id, score) by scope, best first."""
        with self._cursor() as cursor:
            rows = cursor.execute("SELECT scope, movie_id, score FROM popular_movies ORDER BY scope, rank").fetchall()
        scopes: dict[str, list[tuple[int, float]]] = {}
        for scope, movie_id, score in rows:
            scopes.setdefault(scope, []).append((movie_id, score))
        return scopes

    def people_like(self, pattern: str, count: int = 20) -> list[str]:
        """Return people whose ids match and who rated neither few films nor many, to show as examples."""
        with self._cursor() as cursor:
            rows = cursor.execute(
                "SELECT user_id FROM histories WHERE regexp_matches(user_id, ?) "
                "ORDER BY abs(len(movie_ids) - 40), user_id LIMIT ?",
                [pattern, count],
            ).fetchall()
        return [str(user_id) for (user_id,) in rows]

    def chances(self) -> pa.Table:
        """Return ``score_chances``: what scores promise."""
        with self._cursor() as cursor:
            return cursor.sql("SELECT model, score, chance, ratings FROM score_chances").to_arrow_table()

    def facts(self) -> pa.Table:
        """Return what wishes ask of every film with a title, by movie_id: names, keywords, language, length, fame."""
        with self._roomy(), self._cursor() as cursor:
            return cursor.sql(self._sql["film_facts"]).to_arrow_table()

    # -- single rows, per request -------------------------------------------------------------------------------

    def list_of(self, user_id: str) -> pa.Table:
        """Return one person's row of `lists`; no row if they have none."""
        with self._cursor() as cursor:
            query = f"{self._sql['lists']} WHERE recommendation_lists.user_id = ?"
            return cursor.sql(query, params=[user_id]).to_arrow_table()

    def history_of(self, user_id: str) -> StoredHistory | None:
        """Return what the release knows of one person's ratings, or None."""
        with self._cursor() as cursor:
            rows = cursor.execute(f"{self._sql['histories']} WHERE user_id = ?", [user_id]).fetchall()
        return next((StoredHistory(row[1], row[2], row[3], row[4], int(row[5])) for row in rows), None)

    def details_of(self, movie_id: int) -> bytes | None:
        """Return all that is known of a film as JSON, or None."""
        with self._cursor() as cursor:
            rows = cursor.execute(f"{self._sql['film_details']} WHERE movie_id = ?", [movie_id]).fetchall()
        return next((str(row[1]).encode() for row in rows), None)

    def similar_to(self, movie_id: int, limit: int) -> list[tuple[int, float]]:
        """Return (movie_id, score) of the films most like one film, best first."""
        query = "SELECT similar_id, score FROM similar_movies WHERE movie_id = ? ORDER BY rank LIMIT ?"
        with self._cursor() as cursor:
            return [(int(film), float(score)) for film, score in cursor.execute(query, [movie_id, limit]).fetchall()]

    def search(self, text: str, *, limit: int, offset: int) -> tuple[int, list[tuple[int, float]]]:
        """Find films by title, accents and case apart: the same title first, then its beginning, then its words.

        Returns
        -------
        total, found : int, list of (movie_id, score)
            How many there are, and one page of them.
        """
        with self._cursor() as cursor:
            cursor.execute("SET VARIABLE wanted = ?", [text])
            query = f"SELECT movie_id, score, count(*) OVER () FROM ({self._sql['search']}) LIMIT ? OFFSET ?"
            rows = cursor.execute(query, [limit, offset]).fetchall()
            if not rows and offset:
                rows = [
                    (0, 0, count)
                    for (count,) in cursor.execute(f"SELECT count(*) FROM ({self._sql['search']})").fetchall()
                ]
                return int(rows[0][2]), []
        return (int(rows[0][2]) if rows else 0), [(int(row[0]), float(row[1])) for row in rows]

    # -- how ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _cursor(self) -> Iterator[Connection]:
        """Lend a connection that nobody else uses; a result must be fetched whole inside the block."""
        with self._errors():
            try:
                cursor = self._idle.get_nowait()
            except queue.Empty:
                cursor = self._host.cursor()
                cursor.execute("USE release_file")
                cursor.execute("SET TimeZone = 'UTC'")
                cursor.execute("SET VARIABLE poster_base_url = ?", [self._poster_base_url])
            yield cursor
        self._idle.put(cursor)

    @contextmanager
    def _roomy(self) -> Iterator[None]:
        """Give DuckDB room for a whole table, and take it back with what it has kept."""
        with self._errors():
            self._host.execute(f"SET memory_limit = '{WHOLE_TABLES}'")
        try:
            yield
        finally:
            with self._errors():
                self._host.execute(f"SET memory_limit = '{SINGLE_ROWS}'")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            lines: list[Any] = str(error).strip().splitlines() or [type(error).__name__]
            raise BrokenReleaseError(f"{self._database} cannot be read: {lines[0]}; roll back to another") from error
