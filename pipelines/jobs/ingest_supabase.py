"""Ingest Supabase: what changed in the app's table of ratings lands in the lake."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.people.identity import NO_ID, of_app
from pipelines.people.suppression import suppressed
from pipelines.settings import Settings
from pipelines.sources.http import Transport
from pipelines.sources.landed import check_share
from pipelines.sources.supabase.api import SupabaseApi
from pipelines.sources.supabase.postgres import PostgresTable
from pipelines.sources.supabase.rows import RatingsTable, Read
from warehouse import ledgers
from warehouse.batches import damaged_batches, delete_batch
from warehouse.changes import Changes, batch_folders, land_changes
from warehouse.errors import ConfigError
from warehouse.files import remove_leftovers
from warehouse.folder import DataFolder
from warehouse.landing import keep_aside
from warehouse.lock import writing

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
        read = _with_user_ids(table.read(since))
        _check_share(settings, run_id, read)
        for home in damaged:  # the whole table has just been read, so that what they told is landed anew
            log.warning("a damaged batch is landed anew: %s", home)
            delete_batch(home)
        changes = land_changes(
            read.rows,
            folder.batches(SOURCE),
            complete=read.complete,
            max_drop_share=settings.quality.max_drop_share,
            suppressed=suppressed(folder),
        )
        result = SupabaseIngested(
            "full" if read.complete else "changes",
            read.given, changes.fresh, changes.changed, changes.deleted, len(read.bad), changes.batch_id,
        )  # fmt: skip
        _record(folder, run_id, table.target, read, changes, result)
    log.info(
        "ingest supabase done mode=%s rows_read=%d fresh=%d changed=%d deleted=%d bad_rows=%d batch=%s",
        result.mode, result.rows_read, result.fresh, result.changed, result.deleted, result.bad_rows, result.batch_id,
    )  # fmt: skip
    return result


def _with_user_ids(read: Read) -> Read:
    """Give the app's people their user ids; a row whose id is none is kept aside."""
    coded = pc.dictionary_encode(read.rows["user_id"]).combine_chunks()
    spelled = [_user_id(value) for value in coded.dictionary.to_pylist()]
    user_ids = pa.array(spelled, type=pa.string()).take(coded.indices)
    rows = read.rows.set_column(read.rows.schema.get_field_index("user_id"), "user_id", user_ids)
    kept = rows.filter(pc.is_valid(rows["user_id"]))
    wrong = pc.indices_nonzero(pc.is_null(user_ids)).to_pylist()
    bad = [(SOURCE, index + 1, NO_ID, str(read.rows["movie_id"][index])) for index in wrong]
    return replace(read, rows=kept, bad=[*read.bad, *bad])


def _user_id(value: str) -> str | None:
    try:
        return of_app(value)
    except ValueError:
        return None


def _table(settings: Settings, transport: Transport | None) -> RatingsTable | None:
    """Return the table by the route that is configured: Postgres first, as it is quicker."""
    if settings.supabase_db_url is not None and settings.supabase_db_url.get_secret_value().strip():
        return PostgresTable(settings.supabase_db_url.get_secret_value().strip(), settings.supabase)
    if not settings.supabase_url:
        return None
    if settings.supabase_key is None:
        raise ConfigError(
            "SUPABASE_URL is set but no key is; set SUPABASE_SECRET_KEY to the project's secret key (sb_secret_…), or "
            "SUPABASE_SERVICE_ROLE_KEY to an older project's service_role key"
        )
    key = settings.supabase_key.get_secret_value()
    return SupabaseApi(settings.supabase_url, key, settings.supabase, transport=transport)


def _since(settings: Settings, target: str) -> datetime | None:
    """Return where to begin: the mark less the overlap; None when all is to be read."""
    reads = [row for row in ledgers.read(settings.folder, "reads") if row["source"] == SOURCE]
    if not reads or reads[0]["target"] != target or reads[0]["watermark"] is None:
        return None
    last_full = next((row["recorded_at"] for row in reads if row["mode"] == "full" and row["target"] == target), None)
    due = timedelta(days=settings.supabase.full_read_days)
    if last_full is None or datetime.now(UTC) - last_full >= due:
        return None
    mark: datetime = reads[0]["watermark"]
    return mark - timedelta(minutes=settings.supabase.overlap_minutes)


def _check_share(settings: Settings, run_id: str, read: Read) -> None:
    if not read.bad:
        return
    path = settings.folder.quarantine / SOURCE / f"{run_id}.csv"
    keep_aside(read.bad, path)
    _, line, why, _ = read.bad[0]
    check_share(
        "Supabase", len(read.bad), read.given, settings.quality.max_bad_share, first=f"row {line}: {why}", kept_in=path
    )


def _record(
    folder: DataFolder, run_id: str, target: str, read: Read, changes: Changes, result: SupabaseIngested
) -> None:
    previous: list[dict[str, Any]] = [row for row in ledgers.read(folder, "reads") if row["target"] == target]
    older = previous[0]["watermark"] if previous else None
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
