"""Forgetting somebody whom the served release holds: a release without them takes its place, otherwise the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.jobs.forget import forget
from pipelines.people.suppression import suppress
from pipelines.runs import new_run_id, workbench
from pipelines.settings import Settings
from tests.conftest import SetMaker
from tests.pipelines.jobs.test_publish_changed import first_release, full_publish, publishing, rows_of
from warehouse.errors import BrokenReleaseError
from warehouse.store import ReleaseStore

PERSON = "ml_7"


@pytest.fixture
def served(run_settings: Settings, make_set: SetMaker) -> tuple[Settings, str]:
    settings = publishing(run_settings, "covisitation")
    return settings, first_release(settings, make_set())


@pytest.mark.slow
def test_everybody_else_is_served_as_before(served: tuple[Settings, str]) -> None:
    settings, before = served
    suppress(settings.folder, "ml_8")  # forgotten by a run that was killed before it came to the release
    done = forget(settings, new_run_id(), PERSON)
    store = ReleaseStore(settings.folder)
    release, old = store.verify(store.current_id()), store.verify(before)
    assert done.published == release.release_id != before
    assert done.releases == (before,)
    assert store.before(release.release_id) == before
    # of 60 people with 16 ratings each
    assert (release.manifest["users"], release.manifest["ratings"]) == (58, 58 * 16)
    assert (release.created_at, release.manifest["arrays_from"]) == (old.created_at, before)
    ours, theirs = rows_of(settings, release.release_id), rows_of(settings, before)
    for name, rows in theirs.items():
        assert ours[name] == [row for row in rows if row[0] not in (PERSON, "ml_8")], name
    for path in old.models.rglob("*.npy"):
        assert path.samefile(release.models / path.relative_to(old.models))
    assert PERSON.encode() not in release.database.read_bytes()
    assert forget(settings, new_run_id(), PERSON).published is None


@pytest.mark.slow
def test_a_pinned_release_hands_its_pin_on(served: tuple[Settings, str]) -> None:
    settings, pinned = served
    store = ReleaseStore(settings.folder)
    store.pins.add(pinned)
    later = full_publish(settings)
    assert store.current_id() == pinned
    done = forget(settings, new_run_id(), PERSON)
    assert store.current_id() == done.published
    assert store.pins.read() == {done.published: "unpin"}
    assert set(done.releases) == {pinned, later}


@pytest.mark.slow
def test_a_damaged_release_is_not_copied(served: tuple[Settings, str]) -> None:
    settings, release_id = served
    store = ReleaseStore(settings.folder)
    victim = next(store.get(release_id).models.rglob("*.npy"))
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(BrokenReleaseError, match=victim.name):
        forget(settings, new_run_id(), PERSON)
    assert store.ids() == [release_id]


@pytest.mark.slow
def test_what_a_killed_publish_had_ranked_goes(served: tuple[Settings, str]) -> None:
    settings, _ = served
    with workbench(settings.folder).scratch("shards") as scratch:  # a killed run does not come to the end of the block
        left: Path = scratch / "people" / "names.txt"
        left.parent.mkdir(parents=True)
        left.write_text(PERSON)
        forget(settings, new_run_id(), PERSON)
        assert not left.exists()
