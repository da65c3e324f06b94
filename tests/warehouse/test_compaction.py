"""Batches of changes compacted: they add up to the same table, after a crash in between too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.warehouse.test_changes import land, state
from warehouse import compaction
from warehouse.batches import damaged_batches
from warehouse.changes import batch_folders
from warehouse.compaction import compact_changes
from warehouse.files import remove_folder


def three_batches(home: Path) -> dict[tuple[str, int], float]:
    land(home, ("u", 1, 4.0, 0, "1"), ("u", 2, 3.0, 1, "2"), ("v", 1, 5.0, 2, "3"), complete=True)
    land(home, ("u", 1, 2.0, 9, "1"), ("v", 1, 5.0, 2, "3"), complete=True)  # u's second film is gone
    land(home, ("w", 7, 3.5, 10, "4"))
    return state(home)


def test_they_add_up_to_the_same_and_reads_go_on_from_there(tmp_path: Path) -> None:
    before = three_batches(tmp_path)
    assert before == {("u", 1): 2.0, ("v", 1): 5.0, ("w", 7): 3.5}
    assert compact_changes(tmp_path, 3) is None
    batch_id = compact_changes(tmp_path, 2)
    assert batch_id == "000004-all"
    assert [home.name for home in batch_folders(tmp_path)] == [batch_id]
    assert damaged_batches(batch_folders(tmp_path)) == []
    assert state(tmp_path) == before
    assert land(tmp_path, ("u", 1, 2.0, 9, "1"), ("w", 7, 3.5, 10, "4")).batch_id is None  # nothing new
    assert land(tmp_path, ("u", 1, 2.0, 9, "1"), complete=True).deleted == 2
    assert state(tmp_path) == {("u", 1): 2.0}


@pytest.mark.parametrize("survivors", [0, 1, 2])
def test_a_crash_while_the_old_ones_go_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survivors: int
) -> None:
    before = three_batches(tmp_path)
    deleted: list[Path] = []

    def delete(home: Path) -> None:
        if len(deleted) == survivors:
            raise OSError("killed")
        remove_folder(home)
        deleted.append(home)

    monkeypatch.setattr(compaction, "remove_folder", delete)
    with pytest.raises(OSError, match="killed"):
        compact_changes(tmp_path, 2)
    assert len(batch_folders(tmp_path)) == 4 - survivors
    assert state(tmp_path) == before
    monkeypatch.undo()
    compact_changes(tmp_path, 1)
    assert state(tmp_path) == before
    assert len(batch_folders(tmp_path)) == 1


def test_an_empty_table_stays_empty(tmp_path: Path) -> None:
    land(tmp_path, ("u", 1, 4.0, 0, "1"))
    land(tmp_path, complete=True)
    compact_changes(tmp_path, 1)
    assert state(tmp_path) == {}
