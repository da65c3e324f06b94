from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.errors import BrokenReleaseError, NoReleaseError, UnknownReleaseError
from warehouse.folder import DataFolder
from warehouse.publishing import publishing
from warehouse.store import ReleaseStore

START = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(DataFolder(tmp_path))


def publish(store: ReleaseStore, days: int = 0, text: str = "lists") -> str:
    with publishing(store, {"dataset": "tiny"}, START + timedelta(days=days)) as draft:
        draft.database.write_text(text)
        (draft.path / "models").mkdir()
        (draft.path / "models" / "a.npy").write_text("array")
    return draft.release_id


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
    with pytest.raises(OSError, match="disk"), publishing(store, {}, START + timedelta(days=1)) as draft:
        draft.database.write_text("half")
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


def test_the_order_is_that_of_publishing_whatever_the_clock_said(store: ReleaseStore) -> None:
    first = publish(store)
    in_2030 = publish(store, 365 * 4)
    later = publish(store, 1)
    assert store.ids() == [later, in_2030, first]
    assert store.before(later) == in_2030
    assert store.before(in_2030) == first
    assert store.prune(2) == [first]
    store.make_current(in_2030)
    last = publish(store, 2)
    assert store.prune(1) == [later, in_2030]
    assert store.ids() == [last]


def test_two_releases_of_one_second(store: ReleaseStore) -> None:
    assert publish(store) != publish(store)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../../etc\n"])
def test_a_damaged_name_of_the_current_release_is_mended_by_a_rollback(store: ReleaseStore, content: bytes) -> None:
    release_id = publish(store)
    (store.home / "CURRENT").write_bytes(content)
    with pytest.raises(UnknownReleaseError, match=release_id):
        store.current()
    store.make_current(release_id)
    assert store.current().release_id == release_id


def test_retention_keeps_the_newest_pinned_ones_uncounted_and_one_a_day(store: ReleaseStore) -> None:
    days = {day: publish(store, day) for day in range(6)}
    store.pins.add(days[0])
    assert store.prune(2) == [days[3], days[2], days[1]]
    assert store.ids() == [days[5], days[4], days[0]]


def test_of_each_of_the_last_days_the_last_release_is_kept(store: ReleaseStore) -> None:
    def at(hours: int) -> str:
        facts = {"hours": hours, "model": "a", "recipe": {}}
        with publishing(store, facts, START + timedelta(hours=hours)) as draft:
            draft.database.write_text(str(hours))
        return draft.release_id

    ids = {hours: at(hours) for hours in (0, 6, 12, 24, 30, 48, 49, 50, 51)}
    assert set(store.prune(2, daily=2)) == {ids[hours] for hours in (0, 6, 12, 24, 48, 49)}
    assert store.ids() == [ids[51], ids[50], ids[30]]


def release_of(store: ReleaseStore, days: int, recipe: dict[str, int], **facts: str | None) -> str:
    known = {"model": "hybrid", "filler": "popularity", "recipe": recipe, **facts}
    with publishing(store, known, START + timedelta(days=days)) as draft:
        draft.database.write_text("lists")
    return draft.release_id


def test_a_pinned_release_is_served_until_it_is_unpinned(store: ReleaseStore) -> None:
    first = release_of(store, 0, {"factors": 8})
    store.pins.add(first)
    second = release_of(store, 1, {"factors": 16})
    assert (store.current_id(), store.ids()) == (first, [second, first])
    assert store.pins.remove(first)
    assert not store.pins.remove(first)
    third = release_of(store, 2, {"factors": 16})
    assert store.current_id() == third


def test_a_rollback_is_undone_by_another_recipe_alone(store: ReleaseStore) -> None:
    first, _ = release_of(store, 0, {"factors": 8}), release_of(store, 1, {"factors": 16})
    store.make_current(first)
    store.pins.add(first, "promotion")
    release_of(store, 2, {"factors": 8})  # the same recipe on fresh data: what runs at 03:00
    release_of(store, 3, {"factors": 16}, arrays_from=first)  # arrays of an older release
    release_of(store, 4, {}, model="popularity")  # what a refusal publishes
    assert store.current_id() == first
    promoted = release_of(store, 5, {"factors": 32})
    assert store.current_id() == promoted
    assert store.pins.read() == {}
