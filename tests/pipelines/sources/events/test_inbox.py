"""The inbox: what is taken, kept aside, left and archived."""

from __future__ import annotations

import csv
import gzip
import json
import os
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.people.suppression import user_hash
from pipelines.settings import EventSettings
from pipelines.sources.events.inbox import Taken, archive_of, take_inbox
from tests.pipelines.sources.events.test_lines import LINES
from warehouse.folder import DataFolder

NOW = EventSettings(settle_seconds=0)
NOBODY: frozenset[str] = frozenset()


def line(user: str = "bob", movie: int = 603, event: str = "like") -> bytes:
    return json.dumps({"user_id": user, "movie_id": movie, "event": event, "timestamp": 1_767_225_600}).encode() + b"\n"


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    found = DataFolder(tmp_path / "data")
    found.inbox.mkdir(parents=True)
    return found


def drop(folder: DataFolder, name: str, content: bytes) -> Path:
    path = folder.inbox / name
    path.write_bytes(content)
    return path


def take(folder: DataFolder, suppressed: frozenset[str] = NOBODY) -> list[Taken]:
    return take_inbox(folder, NOW, suppressed)


def rows(folder: DataFolder, batch_id: str) -> list[dict[str, object]]:
    path = folder.batches("events") / batch_id / "signals.parquet"
    found: list[dict[str, object]] = pq.read_table(path).to_pylist()
    return found


def test_a_log_is_taken_and_archived_and_its_bad_lines_are_kept_aside(folder: DataFolder) -> None:
    drop(folder, "a.jsonl", line() + b"nonsense\n\n" + line("ann", 13, "dislike"))
    (taken,) = take(folder)
    assert (taken.state, taken.events, taken.bad_lines, taken.reasons) == ("taken", 2, 1, {"not JSON": 1})
    assert [(row["user_id"], row["tmdb_id"], row["event"], row["line"]) for row in rows(folder, taken.batch_id)] == [
        ("ev_bob", 603, "like", 1),
        ("ev_ann", 13, "dislike", 4),
    ]
    assert list(folder.inbox.iterdir()) == []
    (kept,) = archive_of(folder).iterdir()
    assert kept.name.endswith("-a.jsonl")
    with (folder.quarantine / "events" / f"{taken.batch_id}.csv").open() as handle:
        assert list(csv.reader(handle))[1] == ["a.jsonl", "2", "not JSON", "nonsense"]


def test_a_gzip_and_a_plain_log_say_the_same(folder: DataFolder) -> None:
    drop(folder, "a.jsonl.gz", gzip.compress(line() + line("ann")))
    (taken,) = take(folder)
    assert (taken.state, taken.events) == ("taken", 2)
    assert gzip.decompress(next(archive_of(folder).iterdir()).read_bytes()) == line() + line("ann")


def test_the_same_content_is_taken_once_under_any_name(folder: DataFolder) -> None:
    drop(folder, "a.jsonl", line())
    take(folder)
    drop(folder, "again.jsonl", line())
    (again,) = take(folder)
    assert again.state == "known"
    assert len(list(folder.batches("events").iterdir())) == 1
    assert len(list(archive_of(folder).iterdir())) == 1
    assert list(folder.inbox.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no-newline.jsonl", line() + line()[:-1]),
        ("half.jsonl", line() + line()[:20]),
        ("empty.jsonl", b""),
        ("cut.jsonl.gz", gzip.compress(line() * 50, mtime=0)[:-12]),
        ("begun.jsonl.gz", gzip.compress(line(), mtime=0)[:5]),
        ("unended.jsonl.gz", gzip.compress(line()[:-1], mtime=0)),
    ],
)
def test_a_half_written_log_is_left(name: str, content: bytes, folder: DataFolder) -> None:
    path = drop(folder, name, content)
    (taken,) = take(folder)
    assert taken.state == "left"
    assert path.read_bytes() == content
    assert not any(folder.batches("events").glob("*"))


def test_a_left_log_is_taken_once_it_is_whole(folder: DataFolder) -> None:
    path = drop(folder, "a.jsonl", line()[:-1])
    take(folder)
    path.write_bytes(line())
    assert [taken.state for taken in take(folder)] == ["taken"]


def test_a_growing_log_is_left(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drop(folder, "a.jsonl", line())

    def grow(_: float) -> None:
        with path.open("ab") as handle:
            handle.write(line("ann"))

    monkeypatch.setattr("pipelines.sources.events.inbox.time.sleep", grow)
    (taken,) = take_inbox(folder, EventSettings(settle_seconds=60), NOBODY)
    assert taken.state == "left"
    old = path.stat().st_mtime - 120
    os.utime(path, (old, old))
    assert [one.state for one in take_inbox(folder, EventSettings(settle_seconds=60), NOBODY)] == ["taken"]


def test_what_is_no_gzip_is_kept_aside_whole(folder: DataFolder) -> None:
    drop(folder, "a.jsonl.gz", b"this is no gzip at all\n")
    (taken,) = take(folder)
    assert (taken.state, taken.reasons) == ("damaged", {"not a whole gzip file": 1})
    (kept,) = (folder.quarantine / "events").iterdir()
    assert kept.read_bytes() == b"this is no gzip at all\n"


def test_a_very_long_line_is_kept_aside_and_the_next_one_taken(folder: DataFolder) -> None:
    drop(folder, "a.jsonl", b'{"x": "' + b"a" * 3_000_000 + b'"}\n' + line())
    (taken,) = take(folder)
    assert (taken.events, taken.reasons) == (1, {"line is too long": 1})
    assert rows(folder, taken.batch_id)[0]["line"] == 2


def test_forgotten_people_are_not_taken_nor_archived(folder: DataFolder) -> None:
    drop(folder, "a.jsonl", line("bob") + line("ann"))
    (taken,) = take(folder, frozenset({user_hash("ev_bob")}))
    assert (taken.events, taken.forgotten) == (1, 1)
    (kept,) = archive_of(folder).iterdir()
    assert kept.read_bytes() == line("ann")


def test_other_files_are_left_alone(folder: DataFolder) -> None:
    drop(folder, "notes.txt", b"hello\n")
    drop(folder, ".a.jsonl.swp", line())
    assert take(folder) == []
    assert len(list(folder.inbox.iterdir())) == 2


@given(st.lists(LINES.filter(lambda text: b"\n" not in text), max_size=8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_line_is_taken_or_kept_aside(lines: list[bytes], zipped: bool) -> None:
    with tempfile.TemporaryDirectory() as home:
        folder = DataFolder(Path(home))
        folder.inbox.mkdir(parents=True)
        content = b"".join(text + b"\n" for text in [line().strip(), *lines])
        drop(folder, "a.jsonl.gz" if zipped else "a.jsonl", gzip.compress(content) if zipped else content)
        (taken,) = take(folder)
        assert taken.state == "taken"
        filled = [text for text in lines if text.strip()]
        assert taken.events + taken.bad_lines == len(filled) + 1
        assert len(rows(folder, taken.batch_id)) == taken.events
        assert sum(taken.reasons.values()) == taken.bad_lines
