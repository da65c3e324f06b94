"""The app's table of ratings over Supabase's Data API: keyset pages, because a server cuts its answers silently."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

from pipelines.progress import step
from pipelines.settings_sections import LimitSettings, SupabaseSettings
from pipelines.sources.http import GaveUpError, Policy, Service, Transport, run_async
from pipelines.sources.supabase.answers import Judging, NoColumnError, Page, Row
from pipelines.sources.supabase.keys import secret_of
from pipelines.sources.supabase.questions import Query, after, changed_since, newest_before
from pipelines.sources.supabase.rows import Read, RowParser
from pipelines.sources.times import parse_time
from warehouse.errors import ConfigError, SourceFormatError, SourceUnavailableError
from warehouse.quarantine import Quarantine

OPTIONAL = ("updated_at", "created_at", "id")
CLOCK_AHEAD = timedelta(days=1)
"""A server's clock further ahead of ours is not believed."""


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
        self,
        url: str,
        key: str,
        settings: SupabaseSettings,
        limits: LimitSettings | None = None,
        *,
        transport: Transport | None = None,
    ) -> None:
        self._settings, self._limits = settings, limits or LimitSettings()
        self._base = url.strip().rstrip("/").removesuffix("/rest/v1")
        if not self._base.startswith(("http://", "https://")):
            raise ConfigError("SUPABASE_URL is not a web address; it looks like https://<project>.supabase.co")
        self._secret, self._transport = secret_of(key), transport

    @property
    def target(self) -> str:
        """The table and its columns, without any secret."""
        names = ",".join(self._settings.columns.model_dump().values())
        return f"{self._base}/{self._settings.db_schema}.{self._settings.table}({names})"

    def read(self, since: datetime | None, aside: Quarantine) -> Read:
        """Read what changed since a moment, or all when it is None or the table has no updated_at and id.

        Raises
        ------
        ConfigError, SourceError
            If the table cannot be read; the message says what ends it.
        """
        return run_async(self._read(since, aside))

    async def _read(self, since: datetime | None, aside: Quarantine) -> Read:
        headers = {} if self._settings.db_schema == "public" else {"Accept-Profile": self._settings.db_schema}
        async with Service(
            "Supabase", f"{self._base}/rest/v1/", _policy(self._settings, self._limits),
            secret=self._secret, headers=headers, transport=self._transport,
        ) as service:  # fmt: skip
            return await _Reading(service, self._settings, self._limits, self._base).read(since, aside)


class _Reading:
    """One read of the table."""

    def __init__(self, service: Service, settings: SupabaseSettings, limits: LimitSettings, base: str) -> None:
        self._service, self._settings, self._limits = service, settings, limits
        self._judge = Judging(base, settings)

    async def read(self, since: datetime | None, aside: Quarantine) -> Read:
        columns, clock = await self._columns_there()
        # without a key of its own, or with rows that lack it, the table is read by person and film
        keyed = "id" in columns and not (await self._get({"select": columns["id"], columns["id"]: "is.null"})).rows
        dated = keyed and "updated_at" in columns
        # what was newest before the first page: a row changed while we read is read again by the next run
        watermark = await self._newest(columns, clock) if dated else None
        changes = changed_since(columns, since) if dated and since is not None else {}
        names = [columns[key] for key in (("id",) if keyed else ("user_id", "movie_id"))]
        parser = RowParser(columns, clock, aside)
        async for rows in self._pages(columns, names, changes):
            parser.add(rows)
            step("read Supabase", parser.given, None)
        return Read(parser.table(), watermark, not changes, parser.given)

    async def _columns_there(self) -> tuple[dict[str, str], datetime]:
        """Return the columns that the table has, optional ones that are missed left out, and the server's clock."""
        columns = {field: name for field, name in self._settings.columns.model_dump().items() if name}
        while True:
            try:
                page = await self._get({"select": ",".join(columns.values())})
            except NoColumnError as error:
                field = next((f for f in OPTIONAL if columns.get(f) == error.column), None)
                if field is None:
                    raise ConfigError(str(error)) from error
                del columns[field]
            else:
                ours = datetime.now(UTC)
                believed = page.clock is not None and page.clock <= ours + CLOCK_AHEAD
                return columns, page.clock if believed and page.clock else ours

    async def _newest(self, columns: Mapping[str, str], clock: datetime) -> datetime | None:
        moments = []
        for name in (columns[key] for key in ("updated_at", "created_at") if key in columns):
            for row in (await self._get(newest_before(name, clock))).rows[:1]:
                try:
                    moments.append(parse_time(row.get(name) or ""))
                except ValueError:
                    continue  # -infinity, or a year before Christ: nothing newer is there
        return min(max(moments), clock) if moments else None

    async def _pages(self, columns: Mapping[str, str], keys: list[str], where: Query) -> AsyncIterator[list[Row]]:
        """Yield pages after the last row of the one before, until one is empty: a short page is not the end."""
        query = {
            "select": ",".join(columns.values()),
            "order": ",".join(f"{name}.asc" for name in keys),
            "limit": str(self._settings.page_rows),
            **where,
        }
        behind: Query = {}
        last: Row = {}
        for _ in range(self._limits.pages):
            rows = (await self._get({**query, **behind})).rows
            if not rows:
                return
            yield rows
            behind = after(keys, rows[-1])
            _check_order(keys, last, rows[-1])
            last = rows[-1]
        raise SourceFormatError(
            f"Supabase gave more than {self._limits.pages:,} pages (PLAYBILL_LIMITS__PAGES); nothing was taken"
        )

    async def _get(self, query: Query) -> Page:
        what = f"Supabase table {self._settings.table}"
        try:
            return await self._service.ask(self._settings.table, self._judge, {"limit": "1", **query})
        except GaveUpError as error:
            advice = "run again later" if "answered" in str(error) else "check SUPABASE_URL or run again later"
            raise SourceUnavailableError(f"{what}: {error}; nothing was taken, {advice}") from error


def _check_order(keys: list[str], last: Row, row: Row) -> None:
    """Refuse a server that gives the same rows again, or goes in circles; text has the database's own order."""
    before, now = [last.get(name) for name in keys], [row.get(name) for name in keys]
    numbers = all(isinstance(value, int) for value in (*before, *now))
    if before == now or (numbers and now < before):
        raise SourceFormatError("Supabase: a page repeats the one before; the table's key is not unique")


def _policy(settings: SupabaseSettings, limits: LimitSettings) -> Policy:
    return Policy(
        timeout_seconds=settings.timeout_seconds,
        answer_seconds=limits.answer_seconds,
        answer_bytes=int(limits.answer_mb * 2**20),
        attempts=settings.attempts,
    )
