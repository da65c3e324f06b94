"""Interaction logs dropped into ``lake/inbox/``: each taken once, moved to ``lake/archive/``, its bad lines kept aside.

A log is JSON lines, plain or gzipped. One that may still be written (no newline at its end, growing, a cut gzip) is
left where it is for the next run.
"""

from __future__ import annotations

import gzip
import json
import os
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.people.suppression import user_hash
from pipelines.progress import step
from pipelines.settings import EventSettings
from pipelines.sources.events.lines import BadLineError, parse_line
from warehouse.batches import has_landed, landing
from warehouse.files import make_folder, replacing, sha256_of, sync_folder
from warehouse.folder import DataFolder
from warehouse.landing import keep_aside

SOURCE = "events"
SUFFIXES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
ROWS_AT_ONCE = 100_000
HASH_DIGITS = 12
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


class UnfinishedFileError(Exception):
    """The file may still be written."""


class DamagedFileError(Exception):
    """The file cannot be read, and never will be."""


@dataclass
class Taken:
    """What came of one log.

    Attributes
    ----------
    name : str
        The file's name in the inbox.
    state : str
        ``taken``, ``known`` (the same content was taken before), ``left`` (it may still be written), ``damaged`` (it
        is no gzip; the whole file is in the quarantine).
    events, bad_lines, forgotten : int
        Lines landed, kept aside, and passed over because their people asked to be forgotten.
    reasons : dict of str to int
        Bad lines by reason.
    """

    name: str
    state: str
    batch_id: str = ""
    events: int = 0
    bad_lines: int = 0
    forgotten: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def archive_of(folder: DataFolder) -> Path:
    """Return where logs go once they are taken."""
    return folder.lake / "archive"


def take_inbox(folder: DataFolder, settings: EventSettings, suppressed: frozenset[str]) -> list[Taken]:
    """Take every finished log of the inbox, by name.

    Parameters
    ----------
    suppressed : frozenset of str
        Hashes of people whose lines are not landed, nor kept in the archive.
    """
    files = [path for path in sorted(folder.inbox.glob("[!.]*")) if path.is_file() and path.name.endswith(SUFFIXES)]
    still = _growing(files, settings.settle_seconds)
    taken = []
    for number, path in enumerate(files):
        step("read interaction logs", number, len(files))
        taken.append(Taken(path.name, "left") if path in still else _take(path, folder, settings, suppressed))
    return taken


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


def _take(path: Path, folder: DataFolder, settings: EventSettings, suppressed: frozenset[str]) -> Taken:
    before = path.stat()
    digest = sha256_of(path)[:HASH_DIGITS]
    batch_id = f"events-{digest}"
    home = folder.batches(SOURCE) / batch_id
    if has_landed(home):
        _archive(path, folder, digest, drop=frozenset(), known=True)
        return Taken(path.name, "known", batch_id)
    result = Taken(path.name, "taken", batch_id)
    quarantine = folder.quarantine / SOURCE / f"{batch_id}.csv"
    try:
        with landing(home) as target:
            bad, lines_out = _land(path, target / "signals.parquet", settings, suppressed, result)
            _check_still(before, path)
            if bad:
                keep_aside(bad, quarantine)
            record = {"source": SOURCE, "dataset": path.name, "batch_id": batch_id, "events": result.events}
            text = json.dumps({**record, "bad_lines": result.bad_lines, "reasons": result.reasons}, indent=1)
            (target / "batch.json").write_text(text + "\n", encoding="utf-8")
    except UnfinishedFileError:
        return Taken(path.name, "left")
    except DamagedFileError as error:
        path.replace(_made(folder.quarantine / SOURCE) / f"{digest}-{path.name}")
        return Taken(path.name, "damaged", bad_lines=1, reasons={str(error): 1})
    _archive(path, folder, digest, drop=lines_out, known=False)
    return result


def _check_still(before: os.stat_result, path: Path) -> None:
    if _differs(before, path):
        raise UnfinishedFileError


def _made(home: Path) -> Path:
    return make_folder(home)


def _land(
    path: Path, target: Path, settings: EventSettings, suppressed: frozenset[str], result: Taken
) -> tuple[list[tuple[str, int, str, str]], frozenset[int]]:
    """Write the log's events; return its bad lines and the numbers of those of forgotten people."""
    bad: list[tuple[str, int, str, str]] = []
    reasons: Counter[str] = Counter()
    forgotten: set[int] = set()
    rows: list[tuple[Any, ...]] = []
    with pq.ParquetWriter(target, SIGNALS, compression="zstd") as writer:
        for number, line in _lines(path, settings.max_line_bytes):
            try:
                event = parse_line(line, settings.rules, longest=settings.max_line_bytes)
            except BadLineError as error:
                bad.append((result.name, number, str(error), line[:500].decode("utf-8", errors="replace")))
                reasons[str(error)] += 1
                continue
            if suppressed and user_hash(event.user_id) in suppressed:
                forgotten.add(number)
                continue
            rows.append((*event, number, result.batch_id))
            if len(rows) == ROWS_AT_ONCE:
                writer.write_table(_table(rows))
                result.events += len(rows)
                rows = []
        writer.write_table(_table(rows))
        result.events += len(rows)
    result.bad_lines, result.reasons, result.forgotten = len(bad), dict(reasons), len(forgotten)
    return bad, frozenset(forgotten)


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(SIGNALS)
    return pa.table([pa.array(c, type=f.type) for c, f in zip(columns, SIGNALS, strict=True)], schema=SIGNALS)


def _lines(path: Path, longest: int) -> Iterator[tuple[int, bytes]]:
    """Yield (number, line without its newline) of lines that are not blank; a longer line is cut, and passed over.

    Raises
    ------
    UnfinishedFileError
        If the file has no newline at its end, or its gzip is cut short.
    """
    number = 0
    with _opened(path) as handle:
        while line := _read(handle, longest + 2):
            number += 1
            whole = line.endswith(b"\n")
            rest = line
            while not rest.endswith(b"\n"):
                rest = _read(handle, 1 << 20)
                if not rest:
                    raise UnfinishedFileError
            text = line.rstrip(b"\r\n") if whole else line
            if text.strip():
                yield number, text
    if number == 0:
        raise UnfinishedFileError


def _read(handle: IO[bytes], size: int) -> bytes:
    try:
        return handle.readline(size)
    except EOFError:
        raise UnfinishedFileError from None
    except (gzip.BadGzipFile, zlib.error):
        raise DamagedFileError("not a whole gzip file") from None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.name.endswith(".gz"):
        with gzip.open(path, "rb") as zipped:
            yield zipped  # type: ignore[misc]
    else:
        with path.open("rb") as plain:
            yield plain


def _archive(path: Path, folder: DataFolder, digest: str, *, drop: frozenset[int], known: bool) -> None:
    """Move a taken log to the archive, without the lines of forgotten people; a known one is already there."""
    home = _made(archive_of(folder))
    target = home / f"{digest}-{path.name}"
    if known and any(home.glob(f"{digest}-*")):
        path.unlink()
        return
    if not drop:
        path.replace(target)
        sync_folder(home)
        return
    rewrite(path, target, lambda number, _: number not in drop)
    path.unlink()


def rewrite(source: Path, target: Path, keep: Callable[[int, bytes], bool], *, only_if_any: bool = False) -> int:
    """Write a log again with the lines for which ``keep(number, line)`` holds; return how many were left out.

    Parameters
    ----------
    only_if_any : bool
        Whether to leave the file alone when every line is kept.
    """
    if only_if_any:
        with _opened(source) as lines:
            if all(keep(number, line) for number, line in enumerate(lines, start=1)):
                return 0
    left_out = 0
    zipped = source.name.endswith(".gz")
    with replacing(target) as temporary, _opened(source) as lines, _opened_new(temporary, zipped=zipped) as sink:
        for number, line in enumerate(lines, start=1):
            if keep(number, line):
                sink.write(line)
            else:
                left_out += 1
    return left_out


@contextmanager
def _opened_new(path: Path, *, zipped: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as plain:
        if not zipped:
            yield plain
            return
        with gzip.GzipFile(fileobj=plain, mode="wb") as sink:
            yield sink  # type: ignore[misc]
