from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.files import new_folder, remove_leftovers, replacing, sha256_of, write_text


def test_a_replaced_file_is_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "note.txt"
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["note.txt"]


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    write_text(path, "one")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "batch") as target:
        (target / "a").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "batch") as target:
        (target / "sub").mkdir()
        (target / "sub" / "a").write_text("whole")
        assert not (tmp_path / "batch").exists()
    assert (tmp_path / "batch" / "sub" / "a").read_text() == "whole"


def test_leftovers_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".warehouse.duckdb.99.tmp").write_text("half")
    (tmp_path / ".warehouse.duckdb.99.tmp.wal").write_text("half")
    (tmp_path / ".batch.tmp").mkdir()
    (tmp_path / "kept.parquet").write_text("whole")
    assert remove_leftovers(tmp_path) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["kept.parquet"]
    assert remove_leftovers(tmp_path / "nowhere") == 0


def test_sha256_is_the_standard_one(tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_leftovers_are_removed_in_the_folders_below_too(tmp_path: Path) -> None:
    batch = tmp_path / "lake" / "movielens" / "one"
    batch.mkdir(parents=True)
    for name in (".ratings.parquet.1-2.tmp", ".w.duckdb.tmp.wal", "ratings.parquet"):
        (batch / name).write_text("rows")
    (batch / ".two.tmp" / ".three.tmp").mkdir(parents=True)
    assert remove_leftovers(tmp_path) == 0
    assert remove_leftovers(tmp_path, deep=True) == 3
    assert [path.name for path in batch.iterdir()] == ["ratings.parquet"]
