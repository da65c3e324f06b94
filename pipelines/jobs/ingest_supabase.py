"""Ingest Supabase: what changed in the app's table of ratings lands in the lake."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.people.suppression import suppressed
from pipelines.settings import Settings
from pipelines.sources.http import Transport
from pipelines.sources.landed import check_share
from pipelines.sources.supabase.api import SupabaseApi
from pipelines.sources.supabase.postgres import PostgresTable
from pipelines.sources.supabase.rows import RatingsTable, Read
from warehouse import ledgers
from warehouse.batches import damaged_batches
from warehouse.changes import Changes, batch_folders, land_changes
from warehouse.compaction import compact_changes
from warehouse.errors import ConfigError
from warehouse.files import remove_folder, remove_leftovers
from warehouse.folder import DataFolder
from warehouse.lock import writing
from warehouse.quarantine import quarantining

log = logging.getLogger(__name__)

SOURCE = "supabase"


@dataclass(frozen=True)
class SupabaseIngested:
    """What a read of the app's table brought.

    Attributes
    ----------
    mode : str
        ``off`` (nothing is configured), ``full`` or ``changes``.
    rows_read, fresh, changed, deleted : int
        Rows that the server gave; of these not known before, otherwise than before; and rows that are gone.
    bad_rows : int
        Rows kept aside in the quarantine.
    batch_id : str, optional
        The landed batch; None when nothing changed.
    """

    mode: str
    rows_read: int = 0
    fresh: int = 0
    changed: int = 0
    deleted: int = 0
    bad_rows: int = 0
    batch_id: str | None = None


def ingest_supabase(
    settings: Settings, run_id: str, *, full: bool = False, transport: Transport | None = None
) -> SupabaseIngested:
    """Read what changed since the last time; all of it the first time, when it is due, or when asked.

    Parameters
    ----------
    full : bool
        Whether to read the whole table now, which finds deletions.

    Raises
    ------
    ConfigError, SourceError
        If the table cannot be read or is cut short; nothing is landed and the next read begins where this one did.
    """
    table = _table(settings, transport)
    if table is None:
        return SupabaseIngested("off")
    folder = settings.folder
    with writing(folder):
        remove_leftovers(folder.batches(SOURCE))
        damaged = damaged_batches(batch_folders(folder.batches(SOURCE)))
        since = None if full or damaged else _since(settings, table.target)
        quarantined = folder.quarantine / SOURCE / f"{run_id}.csv"
        with quarantining(quarantined, kept=settings.limits.bad_rows_kept) as aside:
            read = table.read(since, aside)
        allowed = settings.quality.max_bad_share
        check_share("Supabase", aside.rows, read.given, allowed, first=aside.first, kept_in=quarantined)
        for home in damaged:  # the whole table has just been read, so that what they told is landed anew
            log.warning("a damaged batch is landed anew: %s", home)
            remove_folder(home)
        changes = land_changes(
            read.rows,
            folder.batches(SOURCE),
            complete=read.complete,
            max_drop_share=settings.quality.max_drop_share,
            suppressed=suppressed(folder),
        )
        compact_changes(folder.batches(SOURCE))
        result = SupabaseIngested(
            "full" if read.complete else "changes",
            read.given, changes.fresh, changes.changed, changes.deleted, aside.rows, changes.batch_id,
        )  # fmt: skip
        _record(folder, run_id, table.target, read, changes, result)
    log.info(
        "ingest supabase done mode=%s rows_read=%d fresh=%d changed=%d deleted=%d bad_rows=%d batch=%s",
        result.mode, result.rows_read, result.fresh, result.changed, result.deleted, result.bad_rows, result.batch_id,
    )  # fmt: skip
    return result


def _table(settings: Settings, transport: Transport | None) -> RatingsTable | None:
    """Return the table by the route that is configured: Postgres first, as it is quicker."""
    if settings.supabase_db_url is not None and settings.supabase_db_url.get_secret_value().strip():
        return PostgresTable(settings.supabase_db_url.get_secret_value().strip(), settings.supabase, settings.limits)
    if not settings.supabase_url:
        return None
    if settings.supabase_key is None:
        raise ConfigError(
            "SUPABASE_URL is set but no key is; set SUPABASE_SECRET_KEY to the project's secret key (sb_secret_…), or "
            "SUPABASE_SERVICE_ROLE_KEY to an older project's service_role key"
        )
    key = settings.supabase_key.get_secret_value()
    return SupabaseApi(settings.supabase_url, key, settings.supabase, settings.limits, transport=transport)


def _since(settings: Settings, target: str) -> datetime | None:
    """Return where to begin: the mark less the overlap; None when all is to be read."""
    reads = [row for row in ledgers.read(settings.folder, "reads") if row["source"] == SOURCE]
    if not reads or reads[0]["target"] != target or reads[0]["watermark"] is None:
        return None
    last_full = next((row["recorded_at"] for row in reads if row["mode"] == "full" and row["target"] == target), None)
    now, due = datetime.now(UTC), timedelta(days=settings.supabase.full_read_days)
    mark: datetime = reads[0]["watermark"]
    if mark > now or last_full is None or not timedelta() <= now - last_full < due:
        return None  # a mark or a read in the future is of a clock that went wrong: rows may have been passed over
    return mark - timedelta(minutes=settings.supabase.overlap_minutes)


def _record(
    folder: DataFolder, run_id: str, target: str, read: Read, changes: Changes, result: SupabaseIngested
) -> None:
    previous: list[dict[str, Any]] = [row for row in ledgers.read(folder, "reads") if row["target"] == target]
    older = previous[0]["watermark"] if previous and not read.complete else None
    counts = {"rows_read": result.rows_read, "fresh": result.fresh, "changed": result.changed}
    row = {"source": SOURCE, "target": target, "mode": result.mode, "watermark": read.watermark or older, **counts}
    if changes.batch_id is not None:
        landed = {
            "source": SOURCE, "dataset": SOURCE, "batch_id": changes.batch_id, "films": 0, "new": True,
            "ratings": changes.fresh + changes.changed, "bad_rows": result.bad_rows, "reasons": [],
        }  # fmt: skip
        ledgers.append(folder, "ingest", run_id, [landed])
    # the mark moves last: a crash before it only means reading the same rows again
    ledgers.append(folder, "reads", run_id, [{**row, "deleted": changes.deleted, "batch_id": changes.batch_id}])
