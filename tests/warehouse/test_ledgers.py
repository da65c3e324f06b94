"""Ledgers: the order is that of writing, whatever the clock says; what is damaged is passed over and named."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse import ledgers
from warehouse.errors import DamagedFileError
from warehouse.folder import DataFolder
from warehouse.parts import read_parts


def row(event: str) -> dict[str, object]:
    return {"event": event, "release_id": "20261121T030000Z-3f9c2a", "previous": None}


def test_rows_come_back_newest_first(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert ledgers.read(folder, "releases") == []
    ledgers.append(folder, "releases", "run-1", [row("published")])
    ledgers.append(folder, "releases", "run-2", [row("rolled back"), row("removed")])
    ledgers.append(folder, "releases", "run-3", [])
    events = [(r["run_id"], r["event"]) for r in ledgers.read(folder, "releases")]
    assert events == [("run-2", "rolled back"), ("run-2", "removed"), ("run-1", "published")]
    assert ledgers.read(folder, "releases", newest_first=False)[0]["event"] == "published"
    assert len(list((folder.ledgers / "releases").iterdir())) == 2


def test_a_row_from_2030_is_not_newer_than_what_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class In2030(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2030, 1, 1, tzinfo=UTC)

    folder = DataFolder(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(ledgers, "datetime", In2030)
        ledgers.append(folder, "releases", "in 2030", [row("published")])
    ledgers.append(folder, "releases", "today", [row("published")])
    assert [r["run_id"] for r in ledgers.read(folder, "releases")] == ["today", "in 2030"]


@pytest.mark.parametrize("content", [b"", b"garbage", None], ids=["empty", "garbage", "one bit"])
def test_a_damaged_file_is_passed_over_and_named(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    folder = DataFolder(tmp_path)
    for run_id in ("run-1", "run-2", "run-3"):
        ledgers.append(folder, "releases", run_id, [row("published")])
    victim = read_parts(folder.ledgers / "releases")[1].path
    whole = victim.read_bytes()
    victim.write_bytes(bytes([*whole[:200], whole[200] ^ 1, *whole[201:]]) if content is None else content)
    with caplog.at_level(logging.WARNING):
        assert [r["run_id"] for r in ledgers.read(folder, "releases")] == ["run-3", "run-1"]
    assert victim.name in caplog.text
    ledgers.append(folder, "releases", "run-4", [row("published")])  # no number is given twice
    assert [part.number for part in read_parts(folder.ledgers / "releases")] == [1, 2, 3, 4]
    ledgers.mend(folder, "releases")
    assert (folder.quarantine / "ledgers" / "releases" / victim.name).exists()
    assert [part.number for part in read_parts(folder.ledgers / "releases")] == [1, 3, 4]


def test_what_may_have_been_superseded_is_not_believed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    ledgers.append(folder, "releases", "run-1", [row("published")])
    ledgers.append(folder, "releases", "run-2", [row("rolled back")])
    home = folder.ledgers / "releases"
    read_parts(home)[1].path.write_bytes(b"")
    with pytest.raises(DamagedFileError, match="newer than what else is known; run it again"):
        ledgers.newest(folder, "releases", lambda _: True, "run it again")
    ledgers.append(folder, "releases", "run-3", [row("published")])
    newest = ledgers.newest(folder, "releases", lambda _: True, "run it again")
    assert newest is not None
    assert newest["run_id"] == "run-3"
    assert ledgers.newest(folder, "promotion", lambda _: True, "") is None
