"""Enrich: what is known of the films beyond their titles."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pipelines.jobs.active import active_set
from pipelines.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Enriched:
    """What enrichment did, in a line for the report."""

    skipped: bool
    note: str


def enrich(settings: Settings, *, wanted: bool = True) -> Enriched:
    """Tell what the films' facts come from; the sample brings its own, MovieLens has titles, years, genres, tags."""
    active = active_set(settings.folder)
    if active.source == "sample":
        result = Enriched(False, "the sample's films bring their own facts")
    elif wanted:
        result = Enriched(
            True, "no TMDB key: films have MovieLens's titles, years, genres and tags; no cast, no posters"
        )
    else:
        result = Enriched(True, "left out by --no-enrich: films have MovieLens's titles, years, genres and tags")
    log.info("enrich done skipped=%s note=%r", result.skipped, result.note)
    return result
