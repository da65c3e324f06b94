"""The inbox: what is taken, kept aside, left and archived."""

from __future__ import annotations

import csv
import gzip
import json
import os
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.people.suppression import user_hash
from pipelines.settings import Settings
from pipelines.settings_sections import EventSettings, LimitSettings, QualitySettings
from pipelines.sources.events.inbox import Taken, archive_of, take_inbox
from tests.pipelines.sources.events.test_lines import LINES
from warehouse.folder import DataFolder

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


def settings_of(folder: DataFolder, **changed: Any) -> Settings:
    return Settings(data_dir=folder.root, **{"events": EventSettings(settle_seconds=0), **changed})


def take(folder: DataFolder, suppressed: frozenset[str] = NOBODY, **changed: Any) -> list[Taken]:
    return take_inbox(settings_of(folder, **changed), suppressed)


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
    (taken,) = take(folder, events=EventSettings(settle_seconds=60))
    assert taken.state == "left"
    old = path.stat().st_mtime - 120
    os.utime(path, (old, old))
    assert [one.state for one in take(folder, events=EventSettings(settle_seconds=60))] == ["taken"]


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


def test_other_files_are_left_alone_and_named(folder: DataFolder) -> None:
    drop(folder, "notes.txt", b"hello\n")
    drop(folder, "b.jsonl.zst", b"packed")
    (folder.inbox / "folder").mkdir()
    drop(folder, ".a.jsonl.swp", line())
    results = take(folder)
    assert [(one.name, one.state) for one in results] == [
        ("b.jsonl.zst", "ignored"),
        ("folder", "ignored"),
        ("notes.txt", "ignored"),
    ]
    assert "not a log; logs end in .jsonl, .ndjson and .json" in results[0].why
    assert len(list(folder.inbox.iterdir())) == 4


def records(*people: str) -> list[dict[str, Any]]:
    return [json.loads(line(user)) for user in people]


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "A.JSON"])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_read_element_by_element(name: str, indent: int | None, folder: DataFolder) -> None:
    text = json.dumps([*records("bob"), 17, *records("änn")], indent=indent, ensure_ascii=False).encode()
    content = gzip.compress(text) if name.endswith(".gz") else text
    drop(folder, name, content)
    (taken,) = take(folder)
    assert (taken.state, taken.events, taken.reasons) == ("taken", 2, {"not a JSON object": 1})
    assert [row["user_id"] for row in rows(folder, taken.batch_id)] == ["ev_bob", "ev_änn"]
    (kept,) = archive_of(folder).iterdir()
    assert [json.loads(text) for text in kept.read_text().splitlines()] == [*records("bob"), 17, *records("änn")]
    drop(folder, name, content)
    assert [one.state for one in take(folder)] == ["known"]


def test_a_long_array_in_blocks(folder: DataFolder) -> None:
    people = [f"{number}-{'é' * (number % 50)}" for number in range(5_000)]
    drop(folder, "a.json", b"\xef\xbb\xbf \n" + json.dumps(records(*people), ensure_ascii=False).encode() + b"\n")
    (taken,) = take(folder)
    assert (taken.state, taken.events, taken.bad_lines) == ("taken", 5_000, 0)
    assert [row["user_id"] for row in rows(folder, taken.batch_id)] == [f"ev_{user}" for user in people]


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (b"[]", "taken"),
        (b"[", "left"),
        (b"", "left"),
        (json.dumps(records("bob", "ann")).encode()[:-20], "left"),
        (json.dumps(records("bob")).encode()[:-1], "left"),
        (json.dumps(records("bob")).encode() + b"x", "damaged"),
        (b'[{"a" 1}, {"b": 2}, {"c": 3}, {"d": 4}]', "damaged"),
        (b'[{"a": "' + b"x" * 3_000_000 + b'"}]', "damaged"),
        (b'[{"a": "\xff"}]', "damaged"),
        (line() + line("ann"), "taken"),  # lines under another name
        (b'{\n "user_id": "bob",\n "movie_id": 603\n}\n', "refused"),
    ],
)
def test_what_becomes_of_a_json_file(content: bytes, state: str, folder: DataFolder) -> None:
    drop(folder, "a.json", content)
    (taken,) = take(folder)
    assert taken.state == state, taken
    assert bool(taken.why) == (state != "taken")
    where = {"left": folder.inbox, "damaged": folder.quarantine / "events", "refused": folder.quarantine / "events"}
    assert len(list(where.get(state, archive_of(folder)).glob("*a.json*"))) == 1


def test_a_log_of_mostly_bad_lines_is_refused_and_kept_whole(folder: DataFolder) -> None:
    content = line() * 20 + b"nonsense\n" * 80
    drop(folder, "a.jsonl", content)
    drop(folder, "b.jsonl", line("ann"))
    refused, taken = take(folder)
    assert (refused.state, taken.state) == ("refused", "taken")
    assert "80 of 100 rows are unusable (80.00%, allowed 1.00%); first line 21: not JSON" in refused.why
    assert [home.name for home in folder.batches("events").iterdir()] == [taken.batch_id]
    (kept,) = (folder.quarantine / "events").glob("*-a.jsonl")
    assert kept.read_bytes() == content
    assert [one.state for one in take(folder)] == []
    drop(folder, "a.jsonl", content)
    (again,) = take(folder, quality=QualitySettings(max_bad_share=0.9))
    assert (again.state, again.events, again.bad_lines) == ("taken", 20, 80)


def test_a_gzip_that_unpacks_past_the_limit_is_kept_aside(folder: DataFolder) -> None:
    drop(folder, "a.jsonl.gz", gzip.compress(line() * 20_000))
    (taken,) = take(folder, limits=LimitSettings(unpacked_mb=1))
    assert (taken.state, taken.why) == ("damaged", "longer than 1 MB (PLAYBILL_LIMITS__UNPACKED_MB)")
    assert not any(folder.batches("events").glob("*"))


def test_a_bomb_of_bad_lines_costs_no_memory_and_is_judged_early(folder: DataFolder) -> None:
    drop(folder, "a.jsonl.gz", gzip.compress(b"x\n" * 5_000_000))
    tracemalloc.start()
    (taken,) = take(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (taken.state, taken.bad_lines) == ("refused", 10_000)
    assert peak < 30e6


@given(st.lists(LINES.filter(lambda text: b"\n" not in text), max_size=8), st.booleans())
@hypothesis_settings(max_examples=60, deadline=None)
def test_every_line_is_taken_or_kept_aside(lines: list[bytes], zipped: bool) -> None:
    with tempfile.TemporaryDirectory() as home:
        folder = DataFolder(Path(home))
        folder.inbox.mkdir(parents=True)
        content = b"".join(text + b"\n" for text in [line().strip(), *lines])
        drop(folder, "a.jsonl.gz" if zipped else "a.jsonl", gzip.compress(content) if zipped else content)
        (taken,) = take(folder, quality=QualitySettings(max_bad_share=1.0))
        assert taken.state == "taken"
        filled = [text for text in lines if text.strip()]
        assert taken.events + taken.bad_lines == len(filled) + 1
        assert len(rows(folder, taken.batch_id)) == taken.events
        assert sum(taken.reasons.values()) == taken.bad_lines
