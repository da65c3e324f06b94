from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.errors import BrokenReleaseError, NoReleaseError, UnknownReleaseError
from warehouse.folder import DataFolder
from warehouse.store import ReleaseStore

START = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(DataFolder(tmp_path))


def publish(store: ReleaseStore, days: int = 0, text: str = "lists") -> str:
    with store.publishing({"dataset": "tiny"}, START + timedelta(days=days)) as (release_id, path):
        (path / "release.duckdb").write_text(text)
        (path / "models").mkdir()
        (path / "models" / "a.npy").write_text("array")
    return release_id


def test_nothing_published_yet(store: ReleaseStore) -> None:
    with pytest.raises(NoReleaseError, match="playbill run"):
        store.current()
    assert store.ids() == []


def test_a_release_is_named_by_its_time_and_content(store: ReleaseStore) -> None:
    release_id = publish(store)
    assert release_id.startswith("20261121T030000Z-")
    release = store.current()
    assert release.release_id == release_id
    assert release.manifest["dataset"] == "tiny"
    assert set(release.manifest["files"]) == {"release.duckdb", "models/a.npy"}
    assert (store.home / "current.duckdb").read_text() == "lists"


def test_a_publish_that_fails_changes_nothing(store: ReleaseStore) -> None:
    first = publish(store)
    with pytest.raises(OSError, match="disk"), store.publishing({}, START + timedelta(days=1)) as (_, path):
        (path / "release.duckdb").write_text("half")
        raise OSError("disk full")
    assert store.current_id() == first
    assert store.ids() == [first]
    assert [p for p in store.home.iterdir() if p.name.endswith(".tmp")] == []


def test_an_unnamed_folder_is_no_release(store: ReleaseStore) -> None:
    first = publish(store)
    (store.home / ".20261122T030000Z-abcdef.tmp").mkdir()
    (store.home / "notes").mkdir()
    assert store.ids() == [first]


def test_rolling_back_and_forth(store: ReleaseStore) -> None:
    first, second = publish(store, 0, "one"), publish(store, 1, "two")
    assert store.before(second) == first
    store.make_current(first)
    assert (store.current_id(), (store.home / "current.duckdb").read_text()) == (first, "one")
    store.make_current(second)
    assert (store.current_id(), (store.home / "current.duckdb").read_text()) == (second, "two")
    with pytest.raises(UnknownReleaseError, match="nothing to roll back"):
        store.before(first)
    with pytest.raises(UnknownReleaseError, match=second):
        store.make_current("20200101T000000Z-000000")
    assert store.current_id() == second


@pytest.mark.parametrize("name", ["../secrets", "", "CURRENT", "20261121T030000Z"])
def test_an_id_is_never_a_path(store: ReleaseStore, name: str) -> None:
    publish(store)
    with pytest.raises(UnknownReleaseError):
        store.get(name)


def test_a_changed_file_is_found(store: ReleaseStore) -> None:
    release_id = publish(store)
    store.verify(release_id)
    (store.home / release_id / "models" / "a.npy").write_text("other")
    with pytest.raises(BrokenReleaseError, match=r"models/a\.npy"):
        store.verify(release_id)


def test_a_manifest_of_another_version_is_refused(store: ReleaseStore) -> None:
    release_id = publish(store)
    path = store.home / release_id / "manifest.json"
    path.write_text(path.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99'))
    with pytest.raises(BrokenReleaseError, match="version 99"):
        store.get(release_id)


def test_pruning_spares_the_newest_and_the_current(store: ReleaseStore) -> None:
    ids = [publish(store, day) for day in range(5)]
    store.make_current(ids[0])
    assert sorted(store.prune(2)) == sorted(ids[1:3])
    assert store.ids() == [ids[4], ids[3], ids[0]]
