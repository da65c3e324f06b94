"""Forgetting somebody while a release is being made: they are in no file of it."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.jobs.build import build
from pipelines.jobs.evaluate import evaluate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.promote import promote
from pipelines.jobs.publish import publish
from pipelines.jobs.train import train
from pipelines.people.reader import read_people
from pipelines.people.suppression import suppress
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import TrainingSettings
from tests.conftest import SetMaker
from warehouse.lock import writing
from warehouse.release_file import write_release_file
from warehouse.store import ReleaseStore

QUICK = TrainingSettings(
    stars=False, models=("popularity", "covisitation"), published="covisitation", protocols=("next",)
)


@pytest.fixture
def staged(run_settings: Settings, make_set: SetMaker) -> tuple[Settings, str]:
    """Everything up to the publish."""
    quick, run_id = run_settings.model_copy(update={"training": QUICK}), new_run_id()
    ingest(quick, run_id, movielens=make_set())
    for job in (build, train, evaluate, promote):
        job(quick, run_id)
    return quick, run_id


def people_of(settings: Settings) -> dict[str, int]:
    """Return how many rows of each table of the current release name ml_7."""
    with duckdb.connect(str(ReleaseStore(settings.folder).current().database), read_only=True) as con:
        tables = ("recommendation_lists", "histories", "user_profiles")
        query = "SELECT count(*) FROM {} WHERE user_id = 'ml_7'"
        return {table: con.execute(query.format(table)).fetchall()[0][0] for table in tables}


def test_somebody_forgotten_while_the_release_is_written_is_not_in_it(
    staged: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run_id = staged
    calls: list[int] = []

    def and_then_forget(*args: object, **options: object) -> object:
        findings = write_release_file(*args, **options)  # type: ignore[arg-type]
        if not calls:
            suppress(settings.folder, "ml_7")  # what `playbill forget` does before it waits for the lock
        calls.append(1)
        return findings

    monkeypatch.setattr("pipelines.jobs.publish.write_release_file", and_then_forget)
    published = publish(settings, run_id)
    assert people_of(settings) == {"recommendation_lists": 0, "histories": 0, "user_profiles": 0}
    release = ReleaseStore(settings.folder).verify(published.release_id)
    # each of the 60 people of the set rated 16 films
    assert (release.manifest["users"], release.manifest["ratings"]) == (59, 59 * 16)
    assert (published.users, published.ratings) == (59, 59 * 16)


def test_what_is_ranked_is_read_under_the_lock(staged: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch) -> None:
    settings, run_id = staged

    def locked_read(folder: object) -> object:
        import fcntl

        with settings.folder.lock_file.open("a+") as handle, pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return read_people(folder)  # type: ignore[arg-type]

    monkeypatch.setattr("pipelines.jobs.edition.read_people", locked_read)
    assert publish(settings, run_id).users == 60
    with writing(settings.folder):  # and it is free again
        pass
