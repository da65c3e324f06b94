"""`publish --changed`: the rows of a full publish, made from those that have not changed and a few new ones."""

from __future__ import annotations

import csv
import errno
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.films.search import FilmSearch
from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.jobs.publish import publish
from pipelines.jobs.publish_changed import publish_changed
from pipelines.jobs.reuse import reuse
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import TrainingSettings
from tests.conftest import SetMaker, small_set
from warehouse.contracts.release import RELEASE_TABLES
from warehouse.db import connect
from warehouse.errors import NoReleaseError
from warehouse.files import sha256_of
from warehouse.store import ReleaseStore

OWN_WORDS = {"release", "quality_results"}
"""Tables that tell of the publish itself."""


@pytest.fixture
def plain(run_settings: Settings) -> Settings:
    return publishing(run_settings, "covisitation")


def publishing(settings: Settings, model: str) -> Settings:
    training = TrainingSettings(stars=False, models=("popularity", model), published=model, protocols=("next",))
    return settings.model_copy(update={"training": training})


def first_release(settings: Settings, zip_path: Path) -> str:
    """Publish without asking the gate, which small sets need not pass."""
    from pipelines.jobs.handover import Measured, Ranking
    from pipelines.jobs.train import train
    from pipelines.runs import workbench

    run_id = new_run_id()
    ingest(settings, run_id, movielens=zip_path)
    build(settings, run_id)
    train(settings, run_id)
    bench = workbench(settings.folder, run_id)
    Measured().write(bench)
    Ranking(settings.training.published, None, []).write(bench)
    return publish(settings, run_id).release_id


def full_publish(settings: Settings) -> str:
    run_id = new_run_id()
    reuse(settings, run_id, ReleaseStore(settings.folder).current().manifest["dataset"])
    return publish(settings, run_id).release_id


def changed_ratings(seed: int) -> str:
    """Return the small set's ratings a day later: somebody new, somebody gone, other stars, times and films."""
    rng = np.random.default_rng(seed)
    rows = list(csv.DictReader(io.StringIO(small_set()["ratings.csv"])))
    users = sorted({row["userId"] for row in rows}, key=int)
    touched = rng.permutation(users)
    leaves, stars, later, fewer = touched[0], touched[1], touched[2], touched[3]
    kept: list[dict[str, Any]] = []
    for row in rows:
        if row["userId"] == leaves or (row["userId"] == fewer and rng.random() < 0.4):
            continue
        if row["userId"] == stars:
            row["rating"] = str(float(rng.integers(1, 11)) / 2)
        if row["userId"] == later:  # the same films and stars, in another order
            row["timestamp"] = str(int(row["timestamp"]) + int(rng.integers(0, 10_000_000)))
        kept.append(row)
    films = sorted({row["movieId"] for row in rows}, key=int)
    for film in rng.choice(films, 9, replace=False):
        kept.append({"userId": "900", "movieId": film, "rating": "4.5", "timestamp": str(1_500_000_000 + int(film))})
    kept.sort(key=lambda row: (int(row["userId"]), int(row["movieId"])))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["userId", "movieId", "rating", "timestamp"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(kept)
    return text.getvalue()


def rows_of(settings: Settings, release_id: str) -> dict[str, list[tuple[Any, ...]]]:
    release = ReleaseStore(settings.folder).get(release_id)
    with connect(release.database, read_only=True) as con:
        but = {"recommendation_lists": " EXCLUDE (generated_at)"}
        return {
            name: con.execute(f'SELECT *{but.get(name, "")} FROM "{name}" ORDER BY ALL').fetchall()
            for name in RELEASE_TABLES
            if name not in OWN_WORDS
        }


@pytest.mark.parametrize(
    ("model", "seed"),
    [("covisitation", 1), *(pytest.param("hybrid", seed, marks=pytest.mark.slow) for seed in (2, 3, 4))],
)
def test_it_equals_a_full_publish_row_for_row(
    run_settings: Settings, make_set: SetMaker, model: str, seed: int
) -> None:
    settings = publishing(run_settings, model)
    first_release(settings, make_set())
    run_id = new_run_id()
    ingest(settings, run_id, movielens=make_set(ratings_csv=changed_ratings(seed)))
    build(settings, run_id)
    changed = publish_changed(settings, run_id)
    store = ReleaseStore(settings.folder)
    assert store.verify(changed.release_id).manifest["changed_people"] == 4  # three of the people, and a new one
    ours, theirs = (rows_of(settings, one) for one in (changed.release_id, full_publish(settings)))
    assert {row[0] for row in ours["recommendation_lists"]} >= {"ml_900"}
    assert len(ours["recommendation_lists"]) == 60
    lists, full_lists = ours.pop("recommendation_lists"), theirs.pop("recommendation_lists")
    for (user, films, scores, sources, because), full in zip(lists, full_lists, strict=True):
        # how many people are multiplied at once decides the last bits of a product with factors
        assert (user, films, sources) == (full[0], full[1], full[3])
        assert scores == pytest.approx(full[2], rel=1e-5, abs=1e-5)
        assert str(because) == str(full[4]) if model == "covisitation" else len(because) == len(full[4])
    for name in ours:
        assert ours[name] == theirs[name], name


def test_nothing_has_changed_and_arrays_are_linked(plain: Settings, make_set: SetMaker) -> None:
    first = first_release(plain, make_set())
    again = publish_changed(plain, new_run_id())
    store = ReleaseStore(plain.folder)
    assert store.current_id() == again.release_id != first
    assert store.get(again.release_id).manifest["changed_people"] == 0
    assert rows_of(plain, again.release_id) == rows_of(plain, first)
    for path in store.get(first).models.rglob("*.npy"):
        assert path.samefile(store.get(again.release_id).models / path.relative_to(store.get(first).models))


@pytest.mark.slow
def test_where_all_lists_could_differ_all_are_made_anew(plain: Settings, make_set: SetMaker) -> None:
    first_release(plain, make_set())
    lists = plain.lists.model_copy(update={"length": 7})
    shorter = publish_changed(plain.model_copy(update={"lists": lists}), new_run_id())
    store = ReleaseStore(plain.folder)
    assert "changed_people" not in store.get(shorter.release_id).manifest
    assert {len(row[1]) for row in rows_of(plain, shorter.release_id)["recommendation_lists"]} == {7}


@pytest.mark.slow
def test_a_damaged_file_is_made_anew_and_damaged_arrays_are_passed_over(
    plain: Settings, make_set: SetMaker, caplog: pytest.LogCaptureFixture
) -> None:
    first = first_release(plain, make_set())
    store = ReleaseStore(plain.folder)
    database = store.get(first).database
    os.truncate(database, database.stat().st_size // 2)
    healed = publish_changed(plain, new_run_id()).release_id
    assert "changed_people" not in store.verify(healed).manifest
    victim = next(store.get(healed).models.rglob("*.npy"))
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(content)
    with caplog.at_level("WARNING"):
        again = publish_changed(plain, new_run_id()).release_id
    assert victim.name in caplog.text
    assert store.verify(again).manifest["arrays_from"] == first
    assert rows_of(plain, again)["recommendation_lists"] == rows_of(plain, healed)["recommendation_lists"]
    for release_id in (again, first):
        for path in store.get(release_id).models.rglob("*.npy"):
            path.write_bytes(content)
    with pytest.raises(NoReleaseError, match="no release of"):
        publish_changed(plain, new_run_id())
    assert store.current_id() == again


def test_without_a_release_there_is_nothing_to_begin_with(plain: Settings, make_set: SetMaker) -> None:
    run_id = new_run_id()
    ingest(plain, run_id, movielens=make_set())
    build(plain, run_id)
    with pytest.raises(NoReleaseError, match="publish"):
        publish_changed(plain, run_id)


@pytest.mark.slow
@pytest.mark.parametrize(
    "step",
    [
        "jobs.publish_changed.changed_people",
        "jobs.edition.rank_everybody",
        "jobs.publish_changed.link_tree",
        "jobs.publish_changed.update_release_file",
        "jobs.publish_changed.FilmSearch.build",
        "jobs.publish_changed.shutil.copyfile",
        "warehouse.publishing.ledgers.append",
    ],
)
def test_a_full_disk_at_any_step_leaves_the_served_release_and_the_next_run_heals(
    plain: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = first_release(plain, make_set())
    store, run_id = ReleaseStore(plain.folder), new_run_id()
    movies = small_set()["movies.csv"].replace("Film 7", "Zebra 7")
    ingest(plain, run_id, movielens=make_set(ratings_csv=changed_ratings(1), movies_csv=movies))
    build(plain, run_id)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(step if step.startswith("warehouse") else f"pipelines.{step}", full)
        with pytest.raises(OSError, match="no space"):
            publish_changed(plain, new_run_id())
    whole = store.ids()
    assert store.current_id() == (whole[0] if "ledgers" in step else first)  # logged when it is served already
    assert [store.damaged(release_id) for release_id in whole] == [[]] * len(whole)
    healed = publish_changed(plain, new_run_id()).release_id
    assert store.current_id() == healed
    assert store.damaged(healed) == []
    assert not list(plain.folder.releases.glob(".*.tmp"))
    assert rows_of(plain, healed) == rows_of(plain, full_publish(plain))


def test_what_is_linked_is_not_summed_again_and_the_sums_hold(
    plain: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, store = first_release(plain, make_set()), ReleaseStore(plain.folder)
    summed: list[str] = []

    def noting(path: Path) -> str:
        summed.append(str(path))
        return sha256_of(path)

    with monkeypatch.context() as patched:
        patched.setattr("warehouse.manifest.sha256_of", noting)
        again = publish_changed(plain, new_run_id()).release_id
    assert not [name for name in summed if ".tmp/" in name and ("/models/" in name or "/search/" in name)]
    assert [name for name in summed if name.endswith(".tmp/release.duckdb")]
    assert store.damaged(again) == []
    index = store.get(first).path / "search" / "search.json"
    assert index.samefile(store.get(again).path / "search" / "search.json")


def test_other_words_of_a_film_are_indexed_anew(plain: Settings, make_set: SetMaker) -> None:
    first_release(plain, make_set())
    run_id = new_run_id()
    movies = small_set()["movies.csv"].replace("Film 7", "Zebra 7")
    assert movies != small_set()["movies.csv"]
    ingest(plain, run_id, movielens=make_set(movies_csv=movies))
    build(plain, run_id)
    changed = ReleaseStore(plain.folder).get(publish_changed(plain, run_id).release_id)
    assert "changed_people" in changed.manifest
    assert FilmSearch.load(changed.path / "search").frequency("zebra", ["title"]) == 1
