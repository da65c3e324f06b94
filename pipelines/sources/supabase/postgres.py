"""The app's table of ratings straight from its Postgres, in bulk: COPY as CSV, streamed into Arrow.

Needs psycopg (``pip install playbill[postgres]``). With Supabase use the connection string of the session mode.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import stamina

from pipelines.progress import step
from pipelines.settings import SupabaseSettings
from pipelines.sources.supabase.errors import explain
from pipelines.sources.supabase.rows import INT32_MAX, LONGEST_ID, BadRow, Read
from warehouse.changes import INCOMING
from warehouse.errors import ConfigError, SourceUnavailableError

if TYPE_CHECKING:
    import psycopg

CSV_TYPES = {
    "user_id": pa.string(),
    "movie_id": pa.int64(),
    "rating": pa.float64(),
    "rated_at": pa.int64(),
    "row_id": pa.string(),
}
BLOCK_BYTES = 8 << 20
GIVEN_UP = ("08", "53", "57", "40")
"""Classes of SQLSTATE that may pass: connection, resources, operator intervention, rollback."""


class PostgresTable:
    """Reads the table through one connection, in one snapshot.

    Parameters
    ----------
    dsn : str
        The connection string; it holds the password and is never shown.
    """

    def __init__(self, dsn: str, settings: SupabaseSettings) -> None:
        self._dsn, self._settings = dsn, settings

    @property
    def target(self) -> str:
        """The table and its columns, without any secret."""
        names = ",".join(self._settings.columns.model_dump().values())
        return f"postgres/{self._settings.db_schema}.{self._settings.table}({names})"

    def read(self, since: datetime | None) -> Read:
        """Read what changed since a moment, or all when it is None or the table has no updated_at and id.

        Raises
        ------
        ConfigError, SourceError
            If the table cannot be read; the message says what ends it and never shows the connection string.
        """
        psycopg = _psycopg()

        def passing(error: Exception) -> bool:
            state = getattr(error, "sqlstate", None)
            return isinstance(error, psycopg.OperationalError) and (state is None or state[:2] in GIVEN_UP)

        try:
            for attempt in stamina.retry_context(
                on=passing, attempts=self._settings.attempts, timeout=None, wait_initial=0.5
            ):
                with attempt:
                    return self._read(since)
        except psycopg.Error as error:
            message = error.diag.message_primary or ""
            found = explain(error.sqlstate, message, self._settings)
            if found is not None:
                raise found from None
            if error.sqlstate in ("28P01", "28000"):
                raise ConfigError("Postgres refuses the name or password in SUPABASE_DB_URL; copy it again") from None
            why = message or "no connection"
            raise SourceUnavailableError(
                f"Postgres table {self._settings.table}: {why} ({error.sqlstate or type(error).__name__}); nothing was "
                "taken, check SUPABASE_DB_URL (session mode, port 5432) or run again later"
            ) from None
        raise AssertionError("unreachable")

    def _read(self, since: datetime | None) -> Read:
        with self._connected() as con:
            columns = self._columns_there(con)
            dated = "updated_at" in columns and "id" in columns
            changes = dated and since is not None
            with con.cursor() as cursor, cursor.copy(self._query(columns, since if changes else None)) as copy:
                table = _as_arrow(io.BufferedReader(_CopyStream(copy), BLOCK_BYTES))
        good, bad = _sorted_out(table)
        newest = pc.max(good["rated_at"]).as_py() if dated and good.num_rows else None
        return Read(good, newest, not changes, table.num_rows, bad)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        psycopg = _psycopg()
        timeout = int(max(2, self._settings.timeout_seconds))
        with psycopg.connect(self._dsn, connect_timeout=timeout, prepare_threshold=None) as con:
            con.read_only = True
            con.execute("SET statement_timeout = 0")
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
        from psycopg import sql

        times = [sql.Identifier(columns[key]) for key in ("updated_at", "created_at") if key in columns]
        moment = sql.SQL("coalesce({})").format(sql.SQL(", ").join(times)) if times else sql.SQL("NULL::timestamptz")
        where = (
            sql.SQL(" WHERE {} >= {}").format(sql.Identifier(columns["updated_at"]), sql.Literal(since.isoformat()))
            if since
            else sql.SQL("")
        )
        return sql.SQL(
            "COPY (SELECT {user}::text, {film}::bigint, {stars}::float8, "
            "(extract(epoch FROM {moment}) * 1000000)::bigint, {row}::text FROM {table}{where}) TO STDOUT (FORMAT csv)"
        ).format(
            user=sql.Identifier(columns["user_id"]),
            film=sql.Identifier(columns["movie_id"]),
            stars=sql.Identifier(columns["rating"]),
            moment=moment,
            row=sql.Identifier(columns["id"]) if "id" in columns else sql.SQL("NULL"),
            table=sql.Identifier(self._settings.db_schema, self._settings.table),
            where=where,
        )


def _as_arrow(stream: io.BufferedReader) -> pa.Table:
    """Read CSV without a header; an empty answer is an empty table."""
    schema = pa.schema(list(CSV_TYPES.items()))
    if not stream.peek(1):
        return schema.empty_table()
    reader = pv.open_csv(
        stream,
        read_options=pv.ReadOptions(column_names=list(CSV_TYPES), block_size=BLOCK_BYTES, use_threads=False),
        convert_options=pv.ConvertOptions(
            column_types=CSV_TYPES, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    batches: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        step("read Postgres", rows, None)
    return pa.Table.from_batches(batches, schema=schema)


class _CopyStream(io.RawIOBase):
    """The blocks of a COPY as a file."""

    def __init__(self, copy: Any) -> None:
        self._copy, self._rest = copy, b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what is at hand."""
        if not self._rest:
            self._rest = bytes(self._copy.read())
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _sorted_out(table: pa.Table) -> tuple[pa.Table, list[BadRow]]:
    """Part the rows that can be used from those that cannot."""
    length = pc.fill_null(pc.utf8_length(table["user_id"]), 0)
    checks = {
        "user_id is empty or too long": pc.and_(pc.greater(length, 0), pc.less_equal(length, LONGEST_ID)),
        "movie_id is not a TMDB id": pc.and_(
            pc.greater(table["movie_id"], 0), pc.less_equal(table["movie_id"], INT32_MAX)
        ),
        "rating is outside 0.5-5.0": pc.and_(
            pc.greater_equal(table["rating"], 0.5), pc.less_equal(table["rating"], 5.0)
        ),
    }
    passed = {why: pc.fill_null(mask, False) for why, mask in checks.items()}
    good = reduce(pc.and_, passed.values())
    kept = table.filter(good)
    columns = [
        kept["user_id"],
        kept["movie_id"].cast(pa.int32()),
        kept["rating"].cast(pa.float32()),
        kept["rated_at"].cast(pa.timestamp("us", tz="UTC")),
        kept["row_id"],
    ]
    bad: list[BadRow] = []
    if kept.num_rows < table.num_rows:
        wrong = pc.indices_nonzero(pc.invert(good)).to_pylist()
        for index in wrong:
            why = next(why for why, mask in passed.items() if not mask[index].as_py())
            bad.append(("supabase", index + 1, why, str(table.slice(index, 1).to_pylist()[0])[:500]))
    return pa.table(columns, schema=INCOMING), bad


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise ConfigError(
            "SUPABASE_DB_URL is set, but psycopg is not installed; run: pip install 'playbill[postgres]', or unset it"
        ) from error
    return psycopg
