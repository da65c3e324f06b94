"""A build is swapped in as one, after its checks: what is refused changes nothing that the next command reads."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.settings import Settings
from tests.conftest import RATINGS_HEADER, SetMaker, small_set
from tests.warehouse.conftest import Playbill
from warehouse.builds import building, built_file
from warehouse.errors import DamagedFileError, EmptyLakeError
from warehouse.folder import DataFolder
from warehouse.sums import damaged, rewriting, seal

ANALYSTS_PATHS = ("warehouse.duckdb", "lake/interactions.parquet", "lake/movies.parquet", "lake/movie_stats.parquet")


def contents(root: Path) -> dict[str, str]:
    """Return what stands at the promised paths and in the ledger of ids."""
    names = (*ANALYSTS_PATHS, "lake/tmdb_mapping.parquet")
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names}


@pytest.mark.parametrize("dataset", ["sample", "ml-latest-small"])
def test_the_same_lake_gives_the_same_files(
    dataset: str, playbill: Playbill, run_settings: Settings, make_set: SetMaker
) -> None:
    # whether there is anything new to train on is told by these files
    words = ("--dataset", "sample") if dataset == "sample" else ("--movielens", str(make_set()))
    assert playbill("ingest", *words)[0] == 0
    assert playbill("build")[0] == 0
    before = contents(run_settings.folder.root)
    assert playbill("build")[0] == 0
    again = contents(run_settings.folder.root)
    assert {name for name in before if again[name] != before[name]} <= {"warehouse.duckdb"}


def test_a_refused_build_leaves_what_the_next_train_reads(
    playbill: Playbill, run_settings: Settings, make_set: SetMaker
) -> None:
    folder = run_settings.folder
    assert playbill("ingest", "--movielens", str(make_set()))[0] == 0
    assert playbill("build")[0] == 0
    before = contents(folder.root)
    assert pq.read_table(folder.root / "lake" / "interactions.parquet").num_rows == 960
    # the same set under the same name, nine tenths of it gone, and its links turned to other films
    few = "\n".join(small_set()["ratings.csv"].splitlines()[:97]) + "\n"
    links = small_set()["links.csv"].replace(",50", ",90")
    assert playbill("ingest", "--movielens", str(make_set(ratings_csv=few, links_csv=links)))[0] == 0
    code, text = playbill("build")
    assert code == 1
    assert "check sudden_drop" in text
    assert "the data built before and the last release stay" in text
    assert contents(folder.root) == before
    assert playbill("train", "popularity")[0] == 0
    trained = pq.read_table(folder.root / "lake" / "interactions.parquet")
    assert trained.num_rows == 960
    assert [path.name for path in folder.builds.iterdir() if not path.is_symlink()] == [folder.build.readlink().name]


def test_analysts_paths_follow_the_next_build(playbill: Playbill, run_settings: Settings, make_set: SetMaker) -> None:
    folder = run_settings.folder
    playbill("ingest", "--movielens", str(make_set()))
    playbill("build")
    for name in ANALYSTS_PATHS:
        assert (folder.root / name).is_symlink()
        assert not os.path.isabs((folder.root / name).readlink())  # noqa: PTH117 - the folder may be moved
    one_more = small_set()["ratings.csv"] + "61,1,4.0,2000000\n"
    playbill("ingest", "--movielens", str(make_set(ratings_csv=one_more)))
    assert playbill("build")[0] == 0
    assert pq.read_table(folder.root / "lake" / "interactions.parquet").num_rows == 961
    assert len(list(folder.builds.iterdir())) == 2  # the build in use and the link to it


def test_a_crash_before_the_swap_changes_nothing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with building(folder) as home:
        (home / "movies.parquet").write_text("first")
    with pytest.raises(KeyboardInterrupt), building(folder) as home:
        (home / "movies.parquet").write_text("second")
        raise KeyboardInterrupt
    assert built_file(folder, "movies").read_text() == "first"
    (folder.builds / "20300101T000000Z-ffffff").mkdir()  # whole, but the power went before the link
    with building(folder) as home:
        (home / "movies.parquet").write_text("third")
    assert built_file(folder, "movies").read_text() == "third"
    assert len(list(folder.builds.iterdir())) == 2


def test_a_changed_file_of_a_build_is_named_with_the_remedy(
    playbill: Playbill, run_settings: Settings, make_set: SetMaker
) -> None:
    playbill("ingest", "--movielens", str(make_set()))
    playbill("build")
    path = run_settings.folder.dataset("interactions")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    code, text = playbill("train", "popularity")
    assert code == 1
    assert "interactions.parquet is damaged" in text
    assert "run `playbill build` again" in text
    assert playbill("build")[0] == 0
    assert playbill("train", "popularity")[0] == 0


def test_nothing_built_yet(tmp_path: Path) -> None:
    with pytest.raises(EmptyLakeError, match="playbill build"):
        built_file(DataFolder(tmp_path), "movies")


def test_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"abc")
    (tmp_path / "empty").touch()
    seal(tmp_path)
    # FIPS 180-2's example, and the digest of nothing
    assert (tmp_path / "SHA256SUMS").read_text() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a b\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  empty\n"
    )
    assert damaged(tmp_path) == []
    (tmp_path / "empty").write_text("x")
    (tmp_path / "a b").unlink()
    assert damaged(tmp_path) == ["a b", "empty"]
    for text in ("", "no checksums\n"):
        (tmp_path / "SHA256SUMS").write_text(text)
        assert damaged(tmp_path) == ["SHA256SUMS"]


def test_a_sealed_file_is_good_at_every_moment_of_its_rewriting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_text("old")
    seal(tmp_path)
    seen: list[list[str]] = []
    swap = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append(damaged(tmp_path))
        moved = swap(self, target)
        seen.append(damaged(tmp_path))
        return moved

    monkeypatch.setattr(Path, "replace", watched)
    with rewriting(tmp_path / "f") as temporary:
        temporary.write_text("new")
    assert seen == [[]] * 6
    assert (tmp_path / "f").read_text() == "new"
    assert len((tmp_path / "SHA256SUMS").read_text().splitlines()) == 1


def test_a_checksum_of_nothing_known_is_damage(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.build.mkdir(parents=True)
    folder.dataset("movies").write_text(RATINGS_HEADER)
    with pytest.raises(DamagedFileError, match=r"movies\.parquet is damaged"):
        built_file(folder, "movies")


def test_killed_while_the_build_before_is_deleted_no_half_of_it_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DataFolder(tmp_path)

    def build() -> None:
        with building(folder) as home:
            (home / "movies.parquet").write_text("films")
            (home / "interactions.parquet").write_text("ratings")

    def visible() -> list[Path]:
        return [path for path in folder.builds.glob("[0-9]*") if path.is_dir()]

    class Killed(BaseException):
        """Nothing catches it, as nothing catches `kill -9`."""

    def killed_on_the_way(path: Path, **_: object) -> None:
        if (path / "movies.parquet").exists():
            (path / "movies.parquet").unlink()
            raise Killed

    build()
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", killed_on_the_way)
        with pytest.raises(Killed):
            build()
    assert [damaged(path) for path in visible()] == [[]]
    build()
    assert [path.name for path in folder.builds.iterdir()].count("current") == 1
    assert len(list(folder.builds.iterdir())) == 2
