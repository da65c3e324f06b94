"""Interaction logs dropped into ``lake/inbox/``: each taken once, moved to ``lake/archive/``, its bad lines kept aside.

One that may still be written (no newline at its end, growing, a cut gzip) is left where it is for the next run; of
every other file the result says what became of it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.people.identity import of_log
from pipelines.people.naming import NamedPeople
from pipelines.people.suppression import user_hash
from pipelines.progress import step
from pipelines.settings import Settings
from pipelines.sources.events.erasing import erase_from_one
from pipelines.sources.events.files import (
    UNDERSTOOD,
    DamagedFileError,
    UnfinishedFileError,
    as_lines,
    entries,
    is_log,
    write_entries,
)
from pipelines.sources.events.lines import BadLineError, EventReader
from pipelines.sources.landed import check_share
from warehouse.batches import has_landed, landing
from warehouse.errors import TooManyBadRowsError
from warehouse.files import make_folder, sha256_of, sync_folder
from warehouse.folder import DataFolder
from warehouse.quarantine import Quarantine, quarantining

SOURCE = "events"
ROWS_AT_ONCE = 100_000
HASH_DIGITS = 12
SPARED_BAD_LINES = 1
"""Bad lines that refuse no file, however short: a crash of its writer cuts one."""
BAD_LINES_ENOUGH = 10_000
"""Bad lines after which a file is judged without reading on."""
SIGNALS = pa.schema(
    [
        ("user_id", pa.string()),
        ("tmdb_id", pa.int32()),
        ("movielens_id", pa.int32()),
        ("imdb_id", pa.string()),
        ("event", pa.string()),
        ("happened_at", pa.timestamp("us", tz="UTC")),
        ("value", pa.float32()),
        ("line", pa.int64()),
        ("batch_id", pa.string()),
    ]
)


@dataclass
class Taken:
    """What came of one file.

    Attributes
    ----------
    name : str
        The file's name in the inbox.
    state : str
        ``taken``, ``known`` (the same content was taken before), ``left`` (it may still be written), ``refused`` (too
        many of its lines are unusable), ``damaged`` (it cannot be read), ``ignored`` (it is no log). Refused and
        damaged files are in the quarantine whole.
    events, bad_lines, forgotten : int
        Lines landed, kept aside, and passed over because their people asked to be forgotten.
    reasons : dict of str to int
        Bad lines by reason.
    why : str
        Why it was not taken, in words.
    """

    name: str
    state: str
    batch_id: str = ""
    events: int = 0
    bad_lines: int = 0
    forgotten: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    why: str = ""


def archive_of(folder: DataFolder) -> Path:
    """Return where logs go once they are taken."""
    return folder.lake / "archive"


def take_inbox(settings: Settings, suppressed: frozenset[str], *, landed_at: datetime | None = None) -> list[Taken]:
    """Take every finished log of the inbox, by name; hidden files are nobody's yet and passed over.

    Parameters
    ----------
    suppressed : frozenset of str
        Hashes of people whose lines are not landed, nor kept in the archive.
    landed_at : datetime, optional
        The moment that no event may be later than; by default now.
    """
    inbox = _Inbox(settings, suppressed, landed_at or datetime.now(UTC))
    paths = sorted(settings.folder.inbox.glob("[!.]*"))
    files = [path for path in paths if path.is_file() and is_log(path)]
    growing = _growing(files, settings.events.settle_seconds)
    results = []
    for number, path in enumerate(paths):
        step("read interaction logs", number, len(paths))
        if path not in files:
            results.append(Taken(path.name, "ignored", why=f"not a log; logs end in {UNDERSTOOD}"))
        elif path in growing:
            results.append(Taken(path.name, "left", why="it is being written"))
        else:
            results.append(inbox.take(path))
    return results


def _growing(files: list[Path], settle_seconds: float) -> set[Path]:
    """Return the files that change while we look, looking twice only at those that are young."""
    before = {path: path.stat() for path in files}
    now = time.time()
    young = [path for path, stat in before.items() if now - stat.st_mtime < settle_seconds]
    if young:
        time.sleep(settle_seconds)
    return {path for path in young if _differs(before[path], path)}


def _differs(before: os.stat_result, path: Path) -> bool:
    after = path.stat()
    return (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)


class _Inbox:
    """Takes logs, one after another."""

    def __init__(self, settings: Settings, suppressed: frozenset[str], landed_at: datetime) -> None:
        self._settings, self._suppressed, self._landed_at = settings, suppressed, landed_at
        self._folder, self._limits = settings.folder, settings.limits
        self._named = NamedPeople({"user_id", settings.events.fields.user_id}, of_log)

    def take(self, path: Path) -> Taken:
        """Land one log, archive it, and tell what came of it."""
        before = path.stat()
        digest = sha256_of(path)[:HASH_DIGITS]
        batch_id = f"events-{digest}"
        home = self._folder.batches(SOURCE) / batch_id
        if has_landed(home):
            self._archive(path, digest, drop=frozenset(), known=True)
            return Taken(path.name, "known", batch_id)
        result = Taken(path.name, "taken", batch_id)
        aside = self._folder.quarantine / SOURCE / f"{batch_id}.csv"
        try:
            with landing(home) as target:
                with quarantining(aside, kept=self._limits.bad_rows_kept) as bad:
                    left_out = self._land(path, target / "signals.parquet", bad, result)
                    _check_still(before, path)
                self._check_share(path.name, bad, result, aside)
                record = {"source": SOURCE, "dataset": path.name, "batch_id": batch_id, "events": result.events}
                text = json.dumps({**record, "bad_lines": result.bad_lines, "reasons": result.reasons}, indent=1)
                (target / "batch.json").write_text(text + "\n", encoding="utf-8")
        except UnfinishedFileError:
            return Taken(path.name, "left", why="its end is missing, so it may still be written")
        except DamagedFileError as error:
            self._set_aside(path, digest)
            return Taken(path.name, "damaged", bad_lines=1, reasons={str(error): 1}, why=str(error))
        except TooManyBadRowsError as error:
            self._set_aside(path, digest)
            return Taken(
                path.name, "refused", bad_lines=result.bad_lines, reasons=result.reasons, why=str(error)
            )  # fmt: skip
        self._archive(path, digest, drop=left_out, known=False)
        return result

    def _check_share(self, name: str, bad: Quarantine, result: Taken, aside: Path) -> None:
        if bad.rows > SPARED_BAD_LINES:
            lines = bad.rows + result.events + result.forgotten
            allowed = self._settings.quality.max_bad_share
            check_share(f"log {name}", bad.rows, lines, allowed, first=bad.first, kept_in=aside)

    def _land(self, path: Path, target: Path, bad: Quarantine, result: Taken) -> frozenset[int]:
        """Write the log's events; return the numbers of the entries that the archive must not hold."""
        left_out: set[int] = set()
        rows: list[tuple[Any, ...]] = []
        share = self._settings.quality.max_bad_share
        reader = EventReader(self._settings.events, self._landed_at)
        with pq.ParquetWriter(target, SIGNALS, compression="zstd") as writer:
            for entry in entries(path, self._limits):
                try:
                    event = reader.line(entry.text, whole=entry.whole)
                except BadLineError as error:
                    if self._is_forgotten(entry.text.decode("utf-8", errors="replace")):
                        left_out.add(entry.number)
                        result.forgotten += 1
                        continue
                    if not entry.whole:
                        left_out.add(entry.number)
                    bad.add(result.name, entry.number, str(error), entry.text.decode("utf-8", errors="replace"))
                    if bad.rows == BAD_LINES_ENOUGH and bad.rows > share * entry.number:
                        break
                    continue
                if self._suppressed and user_hash(event.user_id) in self._suppressed:
                    left_out.add(entry.number)
                    result.forgotten += 1
                    continue
                rows.append((*event, entry.number, result.batch_id))
                if len(rows) == ROWS_AT_ONCE:
                    writer.write_table(_table(rows))
                    result.events += len(rows)
                    rows = []
            writer.write_table(_table(rows))
            result.events += len(rows)
        result.bad_lines, result.reasons = bad.rows, bad.reasons
        return frozenset(left_out)

    def _set_aside(self, path: Path, digest: str) -> None:
        target = make_folder(self._folder.quarantine / SOURCE) / f"{digest}-{path.name}"
        path.replace(target)
        if self._suppressed:
            erase_from_one(target, self._limits, self._is_forgotten, erase=True)

    def _is_forgotten(self, text: str) -> bool:
        """Tell whether a line that could not be read names somebody who asked to be forgotten."""
        return bool(self._suppressed) and any(user_hash(name) in self._suppressed for name in self._named.of(text))

    def _archive(self, path: Path, digest: str, *, drop: frozenset[int], known: bool) -> None:
        """Move a taken log to the archive, as JSON lines, without some entries; a known one is already there."""
        home = make_folder(archive_of(self._folder))
        if known and any(home.glob(f"{digest}-*")):
            path.unlink()
            return
        target = home / f"{digest}-{as_lines(path.name)}"
        if not drop and target.name.endswith(path.name):
            path.replace(target)
            sync_folder(home)
            return
        write_entries(path, target, self._limits, lambda entry: entry.number not in drop)
        path.unlink()


def _check_still(before: os.stat_result, path: Path) -> None:
    if _differs(before, path):
        raise UnfinishedFileError


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(SIGNALS)
    return pa.table([pa.array(c, type=f.type) for c, f in zip(columns, SIGNALS, strict=True)], schema=SIGNALS)
