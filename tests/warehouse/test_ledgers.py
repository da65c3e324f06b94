from __future__ import annotations

from pathlib import Path

from warehouse import ledgers
from warehouse.folder import DataFolder


def row(event: str) -> dict[str, object]:
    return {"event": event, "release_id": "20261121T030000Z-3f9c2a", "previous": None}


def test_rows_come_back_newest_first(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert ledgers.read(folder, "releases") == []
    ledgers.append(folder, "releases", "run-1", [row("published")])
    ledgers.append(folder, "releases", "run-2", [row("rolled back")])
    ledgers.append(folder, "releases", "run-3", [])
    found = ledgers.read(folder, "releases")
    assert [(r["run_id"], r["event"]) for r in found] == [("run-2", "rolled back"), ("run-1", "published")]
    assert found[0]["recorded_at"] > found[1]["recorded_at"]
    assert len(list((folder.ledgers / "releases").iterdir())) == 2
