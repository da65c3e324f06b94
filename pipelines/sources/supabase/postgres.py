"""The app's table of ratings straight from its Postgres, in bulk: COPY as CSV, streamed into Arrow.

Needs psycopg (``pip install playbill[postgres]``). With Supabase use the connection string of the session mode.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import stamina

from pipelines.people.identity import LONGEST_ID
from pipelines.settings_sections import LimitSettings, SupabaseSettings
from pipelines.sources.http import hush_retries, plain
from pipelines.sources.supabase.copied import Copied
from pipelines.sources.supabase.errors import explain
from pipelines.sources.supabase.rows import EARLIEST, Read
from warehouse.errors import ConfigError, SourceUnavailableError
from warehouse.quarantine import Quarantine

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

GIVEN_UP = ("08", "53", "57", "40")
"""Classes of SQLSTATE that may pass: connection, resources, operator intervention, rollback."""


class PostgresTable:
    """Reads the table through one connection, in one snapshot.

    Parameters
    ----------
    dsn : str
        The connection string; it holds the password and is never shown.
    """

    def __init__(self, dsn: str, settings: SupabaseSettings, limits: LimitSettings | None = None) -> None:
        self._dsn, self._settings, self._limits = dsn, settings, limits or LimitSettings()

    @property
    def target(self) -> str:
        """The table and its columns, without any secret."""
        names = ",".join(self._settings.columns.model_dump().values())
        return f"postgres/{self._settings.db_schema}.{self._settings.table}({names})"

    def read(self, since: datetime | None, aside: Quarantine) -> Read:
        """Read what changed since a moment, or all when it is None or the table has no updated_at and id.

        Raises
        ------
        ConfigError, SourceError
            If the table cannot be read; the message says what ends it and never shows the connection string.
        """
        psycopg = _psycopg()

        def passing(error: Exception) -> bool:
            state = getattr(error, "sqlstate", None)
            again = isinstance(error, psycopg.OperationalError) and (state is None or state[:2] in GIVEN_UP)
            if again:
                log.info("postgres read failed, asked again while tries are left sqlstate=%s", state)
            return again

        hush_retries()
        try:
            for attempt in stamina.retry_context(
                on=passing, attempts=self._settings.attempts, timeout=None, wait_initial=0.5
            ):
                with attempt:
                    return self._read(since, aside)
        except psycopg.Error as error:
            message = plain(error.diag.message_primary or "")
            refusal = explain(error.sqlstate, message, self._settings)
            if refusal is not None:
                raise refusal from None
            if error.sqlstate in ("28P01", "28000"):
                raise ConfigError("Postgres refuses the name or password in SUPABASE_DB_URL; copy it again") from None
            why = message or "no connection"
            raise SourceUnavailableError(
                f"Postgres table {self._settings.table}: {why} ({error.sqlstate or type(error).__name__}); nothing was "
                "taken, check SUPABASE_DB_URL (session mode, port 5432) or run again later"
            ) from None
        raise AssertionError("unreachable")

    def _read(self, since: datetime | None, aside: Quarantine) -> Read:
        with self._connected() as con:
            columns = self._columns_there(con)
            dated = "updated_at" in columns and "id" in columns
            changes = dated and since is not None
            clock: datetime = con.execute("SELECT now()").fetchone()[0]  # type: ignore[index]
            copied = Copied(aside, clock)
            with con.cursor() as cursor, cursor.copy(self._query(columns, since if changes else None)) as copy:
                copied.take(copy)
        return Read(copied.table(), copied.newest if dated else None, not changes, copied.given)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        psycopg = _psycopg()
        timeout = int(max(2, self._settings.timeout_seconds))
        with psycopg.connect(self._dsn, connect_timeout=timeout, prepare_threshold=None) as con:
            con.read_only = True
            con.execute(f"SET statement_timeout = {int(self._limits.download_seconds * 1000)}")
            con.execute("SET TimeZone = 'UTC'")
            yield con

    def _columns_there(self, con: psycopg.Connection[Any]) -> dict[str, str]:
        """Return the columns that the table has; asking for one that must be there raises as any query does."""
        columns = {field: name for field, name in self._settings.columns.model_dump().items() if name}
        rows = con.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
            (self._settings.db_schema, self._settings.table),
        ).fetchall()
        there = {row[0] for row in rows}
        optional = ("id", "created_at", "updated_at")
        return {f: n for f, n in columns.items() if n in there or f not in optional or not there}

    def _query(self, columns: dict[str, str], since: datetime | None) -> Any:
        """Return the COPY; values go as text, as one that cannot be cast would end it for all."""
        from psycopg import sql

        times = [sql.Identifier(columns[key]) for key in ("updated_at", "created_at") if key in columns]
        where: sql.Composable = sql.SQL("")
        if since:
            moment = sql.Literal(since.isoformat())
            changed = [sql.SQL("{} >= {}").format(name, moment) for name in times]
            undated = sql.SQL(" AND ").join(sql.SQL("{} IS NULL").format(name) for name in times)
            where = sql.SQL(" WHERE {} OR ({})").format(sql.SQL(" OR ").join(changed), undated)
        return sql.SQL(
            "COPY (SELECT left({user}::text, {longest}), left({film}::text, 30), left({stars}::text, 30), {rated_at}, "
            "{unreadable}, {row} FROM {table}{where}) TO STDOUT (FORMAT csv)"
        ).format(
            user=sql.Identifier(columns["user_id"]),
            longest=sql.Literal(LONGEST_ID + 1),
            film=sql.Identifier(columns["movie_id"]),
            stars=sql.Identifier(columns["rating"]),
            rated_at=_first_usable(times),
            unreadable=_unreadable(times),
            row=sql.SQL("left({}::text, {})").format(sql.Identifier(columns["id"]), sql.Literal(LONGEST_ID + 1))
            if "id" in columns
            else sql.SQL("NULL"),
            table=sql.Identifier(self._settings.db_schema, self._settings.table),
            where=where,
        )


def _first_usable(times: list[Any]) -> Any:
    """Return the microseconds of the first time that can be: from 1970 to an hour ahead of the server's clock."""
    from psycopg import sql

    cases = [
        sql.SQL("WHEN {0} >= {1} AND {0} <= now() + interval '1 hour' THEN extract(epoch FROM {0})").format(
            name, sql.Literal(EARLIEST.isoformat())
        )
        for name in times
    ]
    if not cases:
        return sql.SQL("NULL::bigint")
    return sql.SQL("(CASE {} END * 1000000)::bigint").format(sql.SQL(" ").join(cases))


def _unreadable(times: list[Any]) -> Any:
    """Return a time that no calendar of ours holds, as text: infinity, before Christ, past the year 9999."""
    from psycopg import sql

    cases = [sql.SQL("WHEN {0} < '0001-01-01' OR {0} >= '10000-01-01' THEN {0}::text").format(name) for name in times]
    return sql.SQL("CASE {} END").format(sql.SQL(" ").join(cases)) if cases else sql.SQL("NULL")


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise ConfigError(
            "SUPABASE_DB_URL is set, but psycopg is not installed; run: pip install 'playbill[postgres]', or unset it"
        ) from error
    return psycopg
