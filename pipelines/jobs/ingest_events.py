"""Ingest interaction logs: what lies in the inbox lands in the lake."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

from pipelines.people.suppression import suppressed
from pipelines.settings import Settings
from pipelines.sources.events.inbox import SOURCE, archive_of, take_inbox
from warehouse import ledgers
from warehouse.batches import damaged_batches, delete_batch
from warehouse.changes import batch_folders
from warehouse.files import make_folder, remove_leftovers
from warehouse.folder import DataFolder
from warehouse.lock import writing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EventsIngested:
    """What the inbox held.

    Attributes
    ----------
    files, known, left, damaged : int
        Logs taken now, taken before, left because they may still be written, and kept aside whole as unreadable.
    events, bad_lines, forgotten : int
        Lines landed, kept aside, and passed over because their people asked to be forgotten.
    reasons : dict of str to int
        Bad lines by reason.
    """

    files: int
    known: int
    left: int
    damaged: int
    events: int
    bad_lines: int
    forgotten: int
    reasons: dict[str, int]


def ingest_events(settings: Settings, run_id: str) -> EventsIngested:
    """Take every finished log of ``lake/inbox/``; a log's content is taken once, however often it comes."""
    folder = settings.folder
    with writing(folder):
        for home in (folder.batches(SOURCE), archive_of(folder), folder.quarantine / SOURCE):
            remove_leftovers(home)
        _take_damaged_again(folder)
        logs = take_inbox(folder, settings.events, suppressed(folder))
        rows = [
            {
                "source": SOURCE, "dataset": one.name, "batch_id": one.batch_id, "ratings": one.events, "films": 0,
                "bad_rows": one.bad_lines, "reasons": [f"{why}: {n:,}" for why, n in one.reasons.items()], "new": True,
            }
            for one in logs
            if one.state == "taken"
        ]  # fmt: skip
        ledgers.append(folder, "ingest", run_id, rows)
    reasons: Counter[str] = Counter()
    for one in logs:
        reasons.update(one.reasons)
    states = Counter(one.state for one in logs)
    result = EventsIngested(
        states["taken"], states["known"], states["left"], states["damaged"],
        sum(one.events for one in logs), sum(one.bad_lines for one in logs), sum(one.forgotten for one in logs),
        dict(reasons),
    )  # fmt: skip
    if logs:
        log.info(
            "ingest events done files=%d known=%d left=%d damaged=%d events=%d bad_lines=%d forgotten=%d",
            result.files, result.known, result.left, result.damaged, result.events, result.bad_lines, result.forgotten,
        )  # fmt: skip
    return result


def _take_damaged_again(folder: DataFolder) -> None:
    """Put the logs of damaged batches back into the inbox, where they are in the archive; the batches go."""
    for home in damaged_batches(batch_folders(folder.batches(SOURCE))):
        digest = home.name.removeprefix(f"{SOURCE}-")
        for path in sorted(archive_of(folder).glob(f"{digest}-*")):
            log.warning("a damaged batch is landed anew: %s", home)
            path.rename(make_folder(folder.inbox) / path.name.removeprefix(f"{digest}-"))
            delete_batch(home)
            break
