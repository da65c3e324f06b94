"""Ingest the app: what its people rated in Supabase, and what its interaction logs tell."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.jobs.ingest_events import EventsIngested, ingest_events
from pipelines.jobs.ingest_supabase import SupabaseIngested, ingest_supabase
from pipelines.settings import Settings


@dataclass(frozen=True)
class AppIngested:
    """What both of the app's sources brought."""

    supabase: SupabaseIngested
    events: EventsIngested

    @property
    def note(self) -> str:
        """Both in words, one line; empty when neither is in use."""
        parts = []
        if self.supabase.mode != "off":
            read = self.supabase
            parts.append(
                f"Supabase: {read.rows_read:,} rows read, {read.fresh:,} new, {read.changed:,} changed, "
                f"{read.deleted:,} gone, {read.bad_rows:,} kept aside"
            )
        if self.events.files or self.events.not_taken:
            logs = self.events
            parts.append(
                f"logs: {logs.files:,} files, {logs.events:,} events, {logs.bad_lines:,} lines kept aside, "
                f"{logs.left:,} files left for the next run"
            )
            parts.extend(f"not taken: {why}" for why in logs.not_taken)
        return "; ".join(parts)


def ingest_app(settings: Settings, run_id: str, *, full: bool = False) -> AppIngested:
    """Read what changed in the app's table and take the logs of the inbox; what is not configured is passed over.

    Parameters
    ----------
    full : bool
        Whether to read the whole table, which finds deletions, before it is due.

    Raises
    ------
    ConfigError, SourceError
        If the table cannot be read; no mark moves.
    """
    return AppIngested(ingest_supabase(settings, run_id, full=full), ingest_events(settings, run_id))
