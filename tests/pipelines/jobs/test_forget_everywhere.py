"""A person is found however their id is written, and nobody else is taken for them."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.jobs.build import build
from pipelines.jobs.forget import forget
from pipelines.jobs.ingest_events import ingest_events
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import QualitySettings
from tests.pipelines.jobs.test_forget import files_that_name
from warehouse.errors import TooManyBadRowsError

UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
REST = '"movie_id": 503, "event": "like", "timestamp": "2026-01-05"'


def take(settings: Settings, name: str, content: bytes, *, max_bad_share: float = 1.0) -> None:
    settings.folder.inbox.mkdir(parents=True, exist_ok=True)
    (settings.folder.inbox / name).write_bytes(content)
    ingest_events(settings.model_copy(update={"quality": QualitySettings(max_bad_share=max_bad_share)}), new_run_id())


def lines_of(settings: Settings, pattern: str) -> list[str]:
    (path,) = settings.folder.root.glob(pattern)
    return path.read_text().splitlines()


def quarantined(settings: Settings) -> list[str]:
    rows = []
    for path in (settings.folder.quarantine / "events").glob("*.csv"):
        with path.open(newline="") as handle:
            rows += [row[-1] for row in list(csv.reader(handle))[1:]]
    return rows


@pytest.mark.parametrize(
    ("person", "written"),
    [
        ("ev_a/b", r'"a\/b"'),
        ('ev_a"b', r'"a\"b"'),
        ("ev_a\\b", r'"a\\b"'),
        ("ev_é1", r'"\u00e91"'),
        ("ev_é1", '"é1"'),
        ("ev_17", "17"),
        (UUID, json.dumps(UUID.upper())),
        (UUID, '"' + "".join(f"\\u{ord(c):04x}" for c in UUID) + '"'),
    ],
)
def test_an_id_with_escapes_is_found_in_good_and_in_bad_lines(person: str, written: str, app: Settings) -> None:
    good = f'{{"user_id": {written}, {REST}}}'
    bad = [f'{{"user_id": {written}, "event": 1}}', f'{{"event": "like", "user_id": {written}, "cut": ']
    others = [f'{{"user_id": "innocent1799", {REST}}}', '{"user_id": "innocent1799", "movie_id": 17}',
              '{"user_id": "a", "note": "a/b"}']  # fmt: skip
    take(app, "a.jsonl", "\n".join([good, *bad, *others, ""]).encode())
    done = forget(app, new_run_id(), person)
    taken_out = {one.store: one.rows for one in done.looked if one.rows}
    assert taken_out == {"landed events": 1, "archived logs": 3, "quarantined lines of logs": 2}
    assert lines_of(app, "lake/archive/*-a.jsonl") == others
    assert quarantined(app) == others[1:]


def test_a_short_id_takes_nobody_else_along(app: Settings) -> None:
    lines = ['{"user_id": "innocent1799"', "innocent1799,17", "my 17 films", '{"user_id": "170"}', '"user_id": "17']
    take(app, "a.jsonl", "\n".join([f'{{"user_id": 17, {REST}}}', *lines, ""]).encode())
    forget(app, new_run_id(), "ev_17")
    # a line that says nobody's id goes where one of its words is theirs
    assert quarantined(app) == ['{"user_id": "innocent1799"', '{"user_id": "170"}']


def test_a_row_that_was_cut_inside_of_the_id(app: Settings) -> None:
    long = json.dumps({"note": "x" * 450, "user_id": UUID, "event": 1})
    take(app, "a.jsonl", f'{{"user_id": "{UUID}", {REST}}}\n{long}\n'.encode())
    (kept,) = quarantined(app)
    assert len(kept) == 500
    assert UUID not in kept
    assert UUID[:12] in kept
    forget(app, new_run_id(), UUID)
    assert quarantined(app) == []


def damaged(content: bytes) -> bytes:
    packed = bytearray(gzip.compress(content, compresslevel=0))
    packed[-6] ^= 0xFF  # its checksum
    return bytes(packed)


@pytest.mark.parametrize("kind", ["checksum", "no gzip", "array"])
def test_a_damaged_log_keeps_its_readable_lines_but_theirs(kind: str, app: Settings) -> None:
    records = [f'{{"user_id": "{user}", {REST}}}' for user in ("ann", UUID, "ben")]
    text = "\n".join([*records, ""]).encode()
    name, content = {
        "checksum": ("a.jsonl.gz", damaged(text)),
        "no gzip": ("a.jsonl.gz", text),
        "array": ("a.json", f"[{','.join(records)}".encode() + b" oops, {}, {}, {}, {}, {}]"),
    }[kind]
    take(app, name, content)
    assert len(files_that_name(app, UUID)) == 1
    done = forget(app, new_run_id(), UUID)
    (looked,) = (one for one in done.looked if one.store == "logs kept aside whole")
    assert (looked.rows, looked.note) == (1, "1 damaged logs: the readable lines are kept, the rest is gone")
    assert files_that_name(app, UUID) == []
    kept = "\n".join(lines_of(app, "quarantine/events/*-a.jsonl"))
    assert "ann" in kept
    assert "ben" in kept


def test_a_refused_log(app: Settings) -> None:
    content = f'{{"user_id": "{UUID}", {REST}}}\nx\ny\n{{"user_id": "{UUID}"\n'.encode()
    with pytest.raises(TooManyBadRowsError, match="run again goes on without it"):
        take(app, "a.jsonl", content, max_bad_share=0.01)
    assert len(files_that_name(app, UUID)) == 2
    forget(app, new_run_id(), UUID)
    assert files_that_name(app, UUID) == []
    assert lines_of(app, "quarantine/events/*-a.jsonl") == ["x", "y"]


def test_a_log_that_waits_in_the_inbox(app: Settings) -> None:
    take(app, "a.jsonl", f'{{"user_id": "{UUID}", {REST}}}\n'.encode())
    waiting = json.dumps([json.loads(f'{{"user_id": "{user}", {REST}}}') for user in (UUID, "ben")])
    (app.folder.inbox / "b.json").write_text(waiting)
    forget(app, new_run_id(), UUID)
    assert files_that_name(app, UUID) == []
    assert [json.loads(line)["user_id"] for line in lines_of(app, "lake/inbox/b.jsonl")] == ["ben"]


def test_somebody_forgotten_before_is_not_kept_aside_either(app: Settings) -> None:
    take(app, "a.jsonl", f'{{"user_id": "{UUID}", {REST}}}\n'.encode())
    forget(app, new_run_id(), UUID)
    take(app, "b.jsonl", f'{{"user_id": "{UUID}", {REST}}}\n{{"user_id": "{UUID}", "event": 1}}\nx\n'.encode())
    with pytest.raises(TooManyBadRowsError):
        take(app, "c.jsonl", f'{{"user_id": "{UUID}", {REST}}}\nx\ny\nz\n'.encode(), max_bad_share=0.01)
    take(app, "d.jsonl.gz", damaged(f'{{"user_id": "{UUID}", {REST}}}\nx\n'.encode()))
    assert files_that_name(app, UUID) == []


def test_prefect_s_database(app: Settings) -> None:
    take(app, "a.jsonl", f'{{"user_id": "{UUID}", {REST}}}\n{{"user_id": 17, {REST}}}\n'.encode())
    database = app.folder.prefect / "prefect.db"
    database.parent.mkdir(parents=True)
    inner = json.dumps([{"parameters": json.dumps({"user_id": UUID, "movie_id": 1})}])
    with closing(sqlite3.connect(database)) as con:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("CREATE TABLE artifact (id TEXT PRIMARY KEY, data JSON, updated TIMESTAMP)")
        con.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, message TEXT NOT NULL)")
        con.execute("CREATE INDEX by_message ON log (message)")
        con.execute("INSERT INTO artifact VALUES ('one', ?, 1)", [inner])
        for message in (f"QualityError: {UUID.upper()}\n", "ev_17 and ev_170", r'{"m": "line\nev_17"}', "nobody"):
            con.execute("INSERT INTO log (message) VALUES (?)", [message])
        con.commit()
    assert UUID.encode() in database.read_bytes()
    for person in (UUID, "ev_17"):
        done = forget(app, new_run_id(), person)
        looked = {one.store: one.rows for one in done.looked}
        assert looked["Prefect's database"] == 2
    assert UUID.encode() not in database.read_bytes().lower()
    assert b"ev_17 " not in database.read_bytes()
    assert files_that_name(app, UUID) == []
    with closing(sqlite3.connect(database)) as con:
        messages = [row[0] for row in con.execute("SELECT message FROM log ORDER BY id")]
        ((data,),) = con.execute("SELECT data FROM artifact")
    assert messages == [
        "QualityError: (forgotten)\n", "(forgotten) and ev_170", r'{"m": "line\n(forgotten)"}', "nobody",
    ]  # fmt: skip
    assert json.loads(json.loads(data)[0]["parameters"]) == {"user_id": "(forgotten)", "movie_id": 1}


@pytest.mark.slow
def test_the_warehouse_s_file_holds_nothing_of_them_and_still_works(app: Settings) -> None:
    take(app, "a.jsonl", f'{{"user_id": "{UUID}", {REST}}}\n{{"user_id": "ben", {REST}}}\n'.encode())
    build(app, new_run_id())
    file = Path(app.folder.warehouse_file)
    assert UUID.encode() in file.read_bytes()
    forget(app, new_run_id(), UUID)
    assert UUID.encode() not in file.read_bytes()
    build(app, new_run_id())
