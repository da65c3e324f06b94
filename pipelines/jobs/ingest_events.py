"""Ingest interaction logs: what lies in the inbox lands in the lake."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

from pipelines.people.suppression import suppressed
from pipelines.settings import Settings
from pipelines.sources.events.inbox import SOURCE, archive_of, take_inbox
from warehouse import ledgers
from warehouse.batches import damaged_batches
from warehouse.changes import batch_folders
from warehouse.errors import TooManyBadRowsError
from warehouse.files import make_folder, remove_folder, remove_leftovers
from warehouse.folder import DataFolder
from warehouse.lock import writing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EventsIngested:
    """What the inbox held.

    Attributes
    ----------
    files, known, left, damaged, refused, ignored : int
        Logs taken now, taken before, left because they may still be written, kept aside whole as they cannot be read
        or hold too many unusable lines; and files that are no logs.
    events, bad_lines, forgotten : int
        Lines landed, kept aside, and passed over because their people asked to be forgotten.
    reasons : dict of str to int
        Bad lines by reason.
    not_taken : tuple of str
        Every file that was not taken, and why.
    """

    files: int
    known: int
    left: int
    damaged: int
    refused: int
    ignored: int
    events: int
    bad_lines: int
    forgotten: int
    reasons: dict[str, int]
    not_taken: tuple[str, ...] = ()


def ingest_events(settings: Settings, run_id: str) -> EventsIngested:
    """Take every finished log of ``lake/inbox/``; a log's content is taken once, however often it comes.

    Raises
    ------
    TooManyBadRowsError
        If a log holds too many unusable lines. It is in the quarantine then, all others are taken, and the next run
        goes on without it.
    """
    folder = settings.folder
    with writing(folder):
        for home in (folder.batches(SOURCE), archive_of(folder), folder.quarantine / SOURCE):
            remove_leftovers(home)
        _take_damaged_again(folder)
        logs = take_inbox(settings, suppressed(folder))
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
        states["taken"], states["known"], states["left"], states["damaged"], states["refused"], states["ignored"],
        sum(one.events for one in logs), sum(one.bad_lines for one in logs), sum(one.forgotten for one in logs),
        dict(reasons), tuple(f"{one.name}: {one.why}" for one in logs if one.why),
    )  # fmt: skip
    for one in logs:
        if one.why:
            log.warning("log not taken file=%s state=%s reason=%r", one.name, one.state, one.why)
    if logs:
        log.info(
            "ingest events done files=%d known=%d left=%d damaged=%d refused=%d ignored=%d events=%d bad_lines=%d "
            "forgotten=%d", result.files, result.known, result.left, result.damaged, result.refused, result.ignored,
            result.events, result.bad_lines, result.forgotten,
        )  # fmt: skip
    refused = [one for one in logs if one.state == "refused"]
    if refused:
        others = f" ({len(refused) - 1} more logs likewise)" if len(refused) > 1 else ""
        raise TooManyBadRowsError(f"{refused[0].why}{others}; the log is there too, and run again goes on without it")
    return result


def _take_damaged_again(folder: DataFolder) -> None:
    """Put the logs of damaged batches back into the inbox, where they are in the archive; the batches go."""
    for home in damaged_batches(batch_folders(folder.batches(SOURCE))):
        digest = home.name.removeprefix(f"{SOURCE}-")
        for path in sorted(archive_of(folder).glob(f"{digest}-*")):
            log.warning("a damaged batch is landed anew: %s", home)
            path.rename(make_folder(folder.inbox) / path.name.removeprefix(f"{digest}-"))
            remove_folder(home)
            break
