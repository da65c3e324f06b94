"""The app's table of ratings over Supabase's Data API: keyset pages, because a server cuts its answers silently.

https://docs.postgrest.org/en/stable/references/api/tables_views.html
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx

from pipelines.progress import step
from pipelines.settings import SupabaseSettings
from pipelines.sources.http import make_client, with_retries
from pipelines.sources.supabase.errors import explain, missing_column
from pipelines.sources.supabase.rows import Read, RowParser, parse_time
from warehouse.errors import ConfigError, PlaybillError, SourceFormatError, SourceUnavailableError

OPTIONAL = ("updated_at", "created_at", "id")
Row = dict[str, Any]


class SupabaseApi:
    """Reads the table with a secret key.

    Parameters
    ----------
    url : str
        The project, ``https://<project>.supabase.co``.
    key : str
        A secret key (``sb_secret_…``) or an older project's service_role key.

    Raises
    ------
    ConfigError
        If the key cannot be the right one: it may read nothing under row level security, without an error.
    """

    def __init__(
        self, url: str, key: str, settings: SupabaseSettings, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._settings = settings
        base = url.strip().rstrip("/").removesuffix("/rest/v1")
        if not base.startswith(("http://", "https://")):
            raise ConfigError("SUPABASE_URL is not a web address; it looks like https://<project>.supabase.co")
        self._base, self._headers, self._transport = base, key_headers(key), transport
        if settings.db_schema != "public":
            self._headers["Accept-Profile"] = settings.db_schema

    @property
    def target(self) -> str:
        """The table and its columns, without any secret."""
        names = ",".join(self._settings.columns.model_dump().values())
        return f"{self._base}/{self._settings.db_schema}.{self._settings.table}({names})"

    def read(self, since: datetime | None) -> Read:
        """Read what changed since a moment, or all when it is None or the table has no updated_at and id.

        Raises
        ------
        ConfigError, SourceError
            If the table cannot be read; the message says what ends it.
        """
        with make_client(f"{self._base}/rest/v1/", self._settings.timeout_seconds, self._transport) as client:
            client.headers.update(self._headers)
            columns = self._columns_there(client)
            dated = "updated_at" in columns and "id" in columns
            # what was newest before the first page: a row changed while we read is read again by the next run
            watermark = self._newest(client, columns) if dated else None
            changes = dated and since is not None
            keys = ("updated_at", "id") if changes else (("id",) if dated else ("user_id", "movie_id"))
            names = [columns[key] for key in keys]
            parser = RowParser(columns)
            first = {columns["updated_at"]: f"gte.{since.isoformat()}"} if changes and since else {}
            for page in self._pages(client, columns, names, first):
                parser.add(page)
                step("read Supabase", parser.given, None)
            return Read(parser.table(), watermark, not changes, parser.given, parser.bad)

    def _columns_there(self, client: httpx.Client) -> dict[str, str]:
        """Return the columns that the table has, asking for all and leaving out optional ones that are missed."""
        columns = {field: name for field, name in self._settings.columns.model_dump().items() if name}
        while True:
            try:
                self._get(client, {"select": ",".join(columns.values()), "limit": "1"})
            except _NoColumnError as error:
                field = next((f for f in OPTIONAL if columns.get(f) == error.column), None)
                if field is None:
                    raise ConfigError(str(error)) from error
                del columns[field]
            else:
                return columns

    def _newest(self, client: httpx.Client, columns: Mapping[str, str]) -> datetime | None:
        name = columns["updated_at"]
        rows = self._get(client, {"select": name, name: "not.is.null", "order": f"{name}.desc", "limit": "1"})
        return parse_time(rows[0][name]) if rows else None

    def _pages(
        self, client: httpx.Client, columns: Mapping[str, str], keys: list[str], first: dict[str, str]
    ) -> Iterator[list[Row]]:
        """Yield pages after the last row of the one before, until one is empty: a short page is not the end."""
        query = {
            "select": ",".join(columns.values()),
            "order": ",".join(f"{name}.asc" for name in keys),
            "limit": str(self._settings.page_rows),
        }
        where = first
        while rows := self._get(client, {**query, **where}):
            yield rows
            after = _after(keys, rows[-1])
            if after == where:
                raise SourceFormatError("Supabase: a page repeats the one before; the table's key is not unique")
            where = after

    def _get(self, client: httpx.Client, query: dict[str, str]) -> list[Row]:
        table = self._settings.table

        def ask() -> list[Row]:
            answer = client.get(table, params=query)
            if answer.is_success:
                return _rows(answer)
            self._raise_if_final(answer)
            answer.raise_for_status()
            raise SourceFormatError(f"Supabase answered {answer.status_code}, which is no answer of its Data API")

        try:
            return with_retries(ask, what=f"Supabase table {table}", attempts=self._settings.attempts)
        except SourceUnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, httpx.HTTPStatusError):
                code, message = _problem(cause.response)
                detail = f" ({code}: {message})" if code else ""
                raise SourceUnavailableError(f"{error}{detail}; nothing was taken, run again later") from error
            raise SourceUnavailableError(
                f"{error}; nothing was taken, check SUPABASE_URL or run again later"
            ) from error

    def _raise_if_final(self, answer: httpx.Response) -> None:
        """Raise for what trying again does not help, with what does."""
        code, message = _problem(answer)
        if code in ("42703", "PGRST204") and (column := missing_column(message)):
            raise _NoColumnError(column, str(explain(code, message, self._settings)))
        found = explain(code, message, self._settings)
        if found is not None:
            raise found
        if answer.status_code in (401, 403):
            raise ConfigError(
                f"Supabase refuses the key ({message or answer.status_code}); set SUPABASE_SECRET_KEY to the project's "
                "secret key (sb_secret_…), or SUPABASE_SERVICE_ROLE_KEY to an older project's service_role key"
            )
        if answer.status_code == 404:
            raise ConfigError(f"nothing at {self._base}/rest/v1 answers as Supabase's Data API; check SUPABASE_URL")
        if 400 <= answer.status_code < 500 and answer.status_code not in (408, 425, 429):
            raise SourceFormatError(f"Supabase answered {answer.status_code} {code or ''}: {message}")


class _NoColumnError(PlaybillError):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def key_headers(key: str) -> dict[str, str]:
    """Return the headers that a key belongs in: a new one in ``apikey`` only, a JWT in ``Authorization`` too.

    Raises
    ------
    ConfigError
        If it is a publishable or anon key, which sees nothing behind row level security.
    """
    key = key.strip()
    if not key or not key.isascii() or any(ch.isspace() for ch in key):
        raise ConfigError("SUPABASE_SECRET_KEY is empty or has spaces in it; copy it again from the project's API keys")
    if key.startswith("sb_secret_"):
        return {"apikey": key}
    role = _role(key)
    if key.startswith("sb_publishable_") or role in ("anon", "authenticated"):
        raise ConfigError(
            "the Supabase key is the public one, which may read no one's ratings; set SUPABASE_SECRET_KEY to the "
            "project's secret key (sb_secret_…), or SUPABASE_SERVICE_ROLE_KEY to an older project's service_role key"
        )
    return {"apikey": key, "Authorization": f"Bearer {key}"}


def _role(key: str) -> str | None:
    """Read the role out of a legacy key; it is only looked at, not trusted."""
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    return claims.get("role") if isinstance(claims, dict) else None


def _after(keys: list[str], row: Mapping[str, Any]) -> dict[str, str]:
    """Return the filter for rows behind ``row`` in the order of ``keys``."""
    if len(keys) == 1:
        return {keys[0]: f"gt.{row[keys[0]]}"}
    first, second = keys
    return {
        "or": f"({first}.gt.{_quoted(row[first])},"
        f"and({first}.eq.{_quoted(row[first])},{second}.gt.{_quoted(row[second])}))"
    }


def _quoted(value: Any) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rows(answer: httpx.Response) -> list[Row]:
    """Return the rows of an answer; one that is no JSON list came from something in between, and is tried again."""
    try:
        found = json.loads(answer.content, parse_float=_number)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise httpx.RemoteProtocolError("the answer is no list of rows; is a proxy in between?")
    return found


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else 0.0


def _problem(answer: httpx.Response) -> tuple[str | None, str]:
    """Return code and message of an error answer, both empty where it is a proxy's page."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        return None, ""
    if not isinstance(body, dict):
        return None, ""
    return body.get("code") or None, str(body.get("message") or "")[:300]
