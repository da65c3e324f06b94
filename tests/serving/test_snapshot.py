from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.models.base import Model
from serving.snapshot import Snapshot
from tests.serving.conftest import running, settings_of
from tests.serving.releases import PEOPLE, SOLARIS, axes_model, film_table, people_of, publish_release
from warehouse.store import ReleaseStore


def test_without_a_release_it_asks_to_come_back_and_then_serves(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with running(settings) as api:
        answer = api.get("/recommendations/ml_1")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert api.get("/ready").status_code == 503
        assert api.get("/health").json()["release_id"] is None

        release_id = publish_release(settings.folder)
        assert api.refresh()
        assert api.get("/recommendations/ml_1").json()["release_id"] == release_id
        assert api.get("/health").json() == {
            "status": "ok", "release_id": release_id, "model": "als", "n_users": 5, "n_items": 10,
        }  # fmt: skip


def test_a_publish_and_a_rollback_are_served_without_a_restart(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    first = publish_release(settings.folder)
    with running(settings) as api:
        second = publish_release(settings.folder, {**PEOPLE, "ml_1": PEOPLE["ml_3"]}, number=1)
        assert api.get("/recommendations/ml_1").json()["release_id"] == first
        assert api.refresh()
        body = api.get("/recommendations/ml_1").json()
        assert body["release_id"] == second
        assert SOLARIS not in [item["movie_id"] for item in body["recommendations"]]
        ReleaseStore(settings.folder).make_current(first)
        assert api.refresh()
        assert api.get("/release").json()["release_id"] == first
        assert not api.refresh()


def small_hybrid() -> HybridModel:
    films = film_table()
    hybrid = HybridModel(HybridConfig(weights={"ease": 1.0, "covisitation": 1.0}))
    return hybrid.fit(people_of(PEOPLE).histories_in(films), films)


@pytest.mark.parametrize("make", [axes_model, small_hybrid])
def test_the_old_release_is_closed_when_its_last_reader_is_done(tmp_path: Path, make: Callable[[], Model]) -> None:
    settings = settings_of(tmp_path)
    first = publish_release(settings.folder, model=make())
    with running(settings) as api:
        reader = api.context.snapshot()
        gone = weakref.ref(reader)
        publish_release(settings.folder, number=1)
        api.refresh()
        assert reader.reader.history_of("ml_1") is not None
        assert open_files(settings.folder.releases / first)
        gc.disable()  # what is held by a cycle stays until the collector comes, and with it every file it maps
        try:
            del reader
            assert gone() is None
        finally:
            gc.enable()
        assert not open_files(settings.folder.releases / first)


def open_files(folder: Path) -> list[str]:
    links = list(Path("/proc/self/fd").iterdir())
    return [str(link.readlink()) for link in links if link.is_symlink() and str(folder) in str(link.readlink())]


def test_a_broken_release_leaves_the_old_one_serving(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    first = publish_release(settings.folder)
    with running(settings) as api:
        second = publish_release(settings.folder, number=1)
        (settings.folder.releases / second / "release.duckdb").write_bytes(b"not a database")
        assert not api.refresh()
        assert api.get("/recommendations/ml_1").json()["release_id"] == first
        assert api.context.snapshots.failures == 1


def test_lists_past_the_memory_limit_are_looked_up_and_equal(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    publish_release(settings.folder)
    release = ReleaseStore(settings.folder).current()
    held = Snapshot(release, settings.serving)
    looked_up = Snapshot(release, settings_of(tmp_path, lists_memory_mb=0).serving)
    assert (held.lists.in_memory, looked_up.lists.in_memory) == (True, False)
    for user in (*PEOPLE, "nobody"):
        for limit in (1, 3, None):
            assert held.lists.find(user, limit) == looked_up.lists.find(user, limit)


def test_building_the_app_opens_nothing(tmp_path: Path) -> None:
    from serving.app import create_app

    create_app(settings_of(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()
