"""Forget: a person leaves the lake, what is built from it and the next release, and serving forgets them at once."""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipelines.people.identity import movielens_number, of_log
from pipelines.people.suppression import suppress
from pipelines.settings import Settings
from pipelines.sources.events.inbox import SUFFIXES, archive_of, rewrite
from warehouse import ledgers
from warehouse.erase import Erased, batch_files, erase_from_warehouse, erase_rows
from warehouse.errors import ConfigError
from warehouse.files import replacing
from warehouse.folder import DataFolder
from warehouse.lock import writing

log = logging.getLogger(__name__)

WAIT_SECONDS = 600.0
"""How long a run that writes may keep forgetting waiting."""


@dataclass(frozen=True)
class Forgotten:
    """What was taken out.

    Attributes
    ----------
    lake_rows, lake_files : int
        Rows of landed batches, archived logs and the quarantine, and files written again.
    built_rows : int
        Rows of the data sets and the warehouse.
    suppressed : bool
        False when they were on the list already.
    """

    user_id: str
    lake_rows: int
    lake_files: int
    built_rows: int
    suppressed: bool


def forget(settings: Settings, run_id: str, user_id: str) -> Forgotten:
    """Take a person out; a crash on the way leaves them suppressed, and a second call does the rest.

    Releases that are published stay as they are, as a release never changes: serving reads the list of suppressed
    people, the next release is made without them, and older ones go by and by (``releases.keep``).

    Parameters
    ----------
    user_id : str
        As Playbill calls them: ``ml_1``, ``sample_1``, the app's UUID, ``ev_…``.

    Raises
    ------
    ConfigError
        If the id is empty or of more than one line.
    """
    who = user_id.strip()
    if not who or not who.isprintable():
        raise ConfigError("forget needs a user id as Playbill calls it, such as ml_1 or the app's UUID")
    folder = settings.folder
    # before the lock: a release that is being made leaves them out, and whoever serves answers without them at once
    added = suppress(folder, who)
    with writing(folder, wait_seconds=WAIT_SECONDS):
        batches = _erase_batches(folder, who)
        _lower_counts(folder, run_id, {source: part.rows for source, part in batches.items()})
        parts = [*batches.values(), _erase_logs(folder, who), _erase_quarantine(folder, who)]
        built = erase_from_warehouse(folder, who)
    rows, files = sum(part.rows for part in parts), sum(part.files for part in parts)
    log.info("forget done run=%s lake_rows=%d lake_files=%d built_rows=%d", run_id, rows, files, built.rows)
    return Forgotten(who, rows, files, built.rows, added)


def _erase_batches(folder: DataFolder, user_id: str) -> dict[str, Erased]:
    found = {}
    number = movielens_number(user_id)
    if number is not None:
        files = batch_files(folder, "movielens", ("ratings", "tags"))
        found["movielens"] = erase_rows(files, "user_id = ?", [number])
    for source, name in (("sample", "ratings"), ("supabase", "ratings"), ("events", "signals")):
        found[source] = erase_rows(batch_files(folder, source, (name,)), "user_id = ?", [user_id])
    return found


def _lower_counts(folder: DataFolder, run_id: str, erased: dict[str, int]) -> None:
    """Lower the counts that the next build compares with, so that a forgotten person is no drop of rows."""
    newest: dict[tuple[str, str], int] = {}
    for row in ledgers.read(folder, "sources"):
        newest.setdefault((row["source"], row["dataset"]), row["ratings"])
    rows = [
        {"source": source, "dataset": dataset, "ratings": max(0, before - erased[source])}
        for (source, dataset), before in newest.items()
        if erased.get(source)
    ]
    ledgers.append(folder, "sources", run_id, rows)


def _erase_logs(folder: DataFolder, user_id: str) -> Erased:
    """Write archived logs again without the person's lines; the inbox is looked through when it is read."""
    rows = files = 0
    for path in sorted(archive_of(folder).glob("[!.]*")):
        if path.name.endswith(SUFFIXES) and (hit := rewrite(path, path, _not_of(user_id), only_if_any=True)):
            rows, files = rows + hit, files + 1
    return Erased(rows, files)


def _not_of(user_id: str) -> Callable[[int, bytes], bool]:
    """Return whether to keep a line: not one of the person's, nor an unreadable one that names them."""
    own = user_id.removeprefix("ev_").encode("utf-8").lower()

    def keep(_: int, line: bytes) -> bool:
        if own not in line.lower() and b"\\u" not in line:
            return True
        try:
            return of_log(json.loads(line).get("user_id")) != user_id
        except (ValueError, AttributeError, RecursionError):
            return own not in line.lower()

    return keep


def _erase_quarantine(folder: DataFolder, user_id: str) -> Erased:
    """Write quarantined rows again without those whose text names the person."""
    rows = files = 0
    needle = user_id.removeprefix("ev_").removeprefix("ml_").lower()
    for path in sorted(folder.quarantine.rglob("*.csv")):
        of_set = path.parent.name not in ("events", "supabase")
        if of_set != user_id.startswith("ml_"):
            continue
        hit = _filter_csv(path, lambda text, of_set=of_set: _names(text, needle, of_set))  # type: ignore[misc]
        rows, files = rows + hit, files + bool(hit)
    return Erased(rows, files)


def _names(text: str, needle: str, of_set: bool) -> bool:
    if of_set:  # a line of a ratings file begins with the number of the person
        return any(text.startswith(needle + mark) for mark in (",", "::", "\t"))
    return needle in text.lower()


def _filter_csv(path: Path, drop: Callable[[str], bool]) -> int:
    csv.field_size_limit(1 << 26)
    with path.open(encoding="utf-8", newline="") as handle:
        header, *rows = list(csv.reader(handle))
    kept = [row for row in rows if not drop(row[-1])]
    if len(kept) < len(rows):
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, quoting=csv.QUOTE_ALL).writerows([header, *kept])
    return len(rows) - len(kept)
