"""Whatever the gate says, what is served goes on ranking: a refusal costs nobody a list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.jobs.build import build
from pipelines.jobs.champion import champion_recipe
from pipelines.jobs.evaluate import evaluate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.promote import Promoted, promote
from pipelines.jobs.publish import Published, publish
from pipelines.jobs.reuse import reuse
from pipelines.jobs.train import train
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import TrainingSettings
from tests.conftest import SetMaker, small_set
from warehouse import ledgers
from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.query import ask, open_releases
from warehouse.store import Release, ReleaseStore

SET = "ml-latest-small"
WEAK = {"hybrid": {"weights": {"popularity": 1.0}}}
"""A hybrid of popularity alone reads nobody's history."""


@pytest.fixture
def settings_of(run_settings: Settings) -> Settings:
    training = TrainingSettings(
        stars=False, models=("popularity", "covisitation"), published="covisitation", protocols=("next",)
    )
    return run_settings.model_copy(update={"training": training})


def land(settings: Settings, path: Path) -> None:
    ingest(settings, new_run_id(), movielens=path, replace=True)
    build(settings, new_run_id())


def judge(settings: Settings, run_id: str) -> tuple[Promoted, Published]:
    evaluate(settings, run_id)
    return promote(settings, run_id), publish(settings, run_id)


def win(settings: Settings) -> Release:
    run_id = new_run_id()
    train(settings, run_id)
    promoted, published = judge(settings, run_id)
    assert promoted.promoted
    return ReleaseStore(settings.folder).get(published.release_id)


def lose(settings: Settings) -> tuple[Promoted, Release]:
    run_id = new_run_id()
    train(settings, run_id, recipes=WEAK)
    promoted, published = judge(settings, run_id)
    assert not promoted.promoted
    return promoted, ReleaseStore(settings.folder).get(published.release_id)


def with_new_films() -> dict[str, str]:
    """Return the small set with films 41-44, which forty people and three new ones have rated since."""
    files = small_set()
    films, links, ratings = [], [], []
    for film in range(41, 45):
        films.append(f'{film},"Film {film}, The (2024)",Drama')
        links.append(f"{film},{100_000 + film:07d},{film + 500}")
        ratings += [f"{user},{film},5.0,{9_000_000 + film}" for user in (*range(1, 41), 61, 62, 63)]
    added = {"movies.csv": films, "links.csv": links, "ratings.csv": ratings}
    return {name: text + "".join(f"{line}\n" for line in added.get(name, [])) for name, text in files.items()}


def test_a_refusal_keeps_the_champions_arrays_over_fresh_histories_and_new_films(
    settings_of: Settings, make_set: SetMaker
) -> None:
    settings = settings_of
    land(settings, make_set())
    first = win(settings)
    files = {name.replace(".", "_"): text for name, text in with_new_films().items()}
    land(settings, make_set(**files))
    promoted, second = lose(settings)
    assert "hybrid does not beat covisitation for certain" in promoted.ranking.reasons[0]
    assert f"covisitation of release {first.release_id} goes on ranking" in promoted.ranking.reasons[-1]
    same = ("model", "recipe", "recipe_hash", "metrics", "mlflow_run_id")
    assert {name: second.manifest[name] for name in same} == {name: first.manifest[name] for name in same}
    assert second.manifest["arrays_from"] == first.release_id
    arrays = [name for name in first.manifest["files"] if "/covisitation/" in name and name.endswith(".npy")]
    assert arrays
    assert all(second.manifest["files"][name] == first.manifest["files"][name] for name in arrays)
    assert (second.manifest["users"], second.manifest["movies"]) == (63, 44)
    with open_releases(settings.folder) as con:
        # 44 films: ml_41 rated none of the new ones, which the champion's arrays do not know: they fill the end
        new = ask(con, "SELECT DISTINCT source FROM recommendations WHERE movie_id > 540").rows
        assert new == [("popular",)]
        assert ask(con, "SELECT count(*) FROM recommendations WHERE user_id = 'ml_41'").rows == [(28,)]
        # ml_61 rated nothing else: the champion cannot read them, and they get a list all the same
        assert ask(con, "SELECT count(*) FROM recommendations WHERE user_id = 'ml_61'").rows == [(40,)]
        seen = "SELECT list_contains(movie_ids, 541) FROM histories WHERE user_id = 'ml_1'"
        assert ask(con, seen).rows == [(True,)]
        ranked = ask(con, "SELECT DISTINCT model FROM model_metrics").rows
        assert {model for (model,) in ranked} == {"popularity", "covisitation"}
        log = ask(con, "SELECT challenger, promoted, model, release_id FROM promotion_log ORDER BY recorded_at").rows
        assert log == [
            ("covisitation", True, "covisitation", None),
            ("hybrid", False, "covisitation", first.release_id),
        ]
        assert ask(con, "SELECT recipe_hash, arrays_from FROM release").rows == [
            (first.manifest["recipe_hash"], first.release_id)
        ]


@pytest.mark.slow
def test_the_champion_goes_on_through_refusals_and_runs_without_training(
    settings_of: Settings, make_set: SetMaker
) -> None:
    settings = settings_of
    land(settings, make_set())
    first = win(settings)
    lose(settings)
    promoted, third = lose(settings)
    assert third.manifest["arrays_from"] == first.release_id
    assert f"of release {first.release_id}" in promoted.ranking.reasons[-1]
    run_id = new_run_id()
    reuse(settings, run_id, SET)
    published = publish(settings, run_id)
    assert (published.model, published.trained_for) == ("covisitation", first.release_id)


@pytest.mark.slow
def test_popularity_alone_does_not_take_the_champions_place(settings_of: Settings, make_set: SetMaker) -> None:
    settings = settings_of
    land(settings, make_set())
    first = win(settings)
    run_id = new_run_id()
    train(settings, run_id, models=("popularity",))
    promoted, published = judge(settings, run_id)
    assert not promoted.promoted
    assert (published.model, published.trained_for) == ("covisitation", first.release_id)


@pytest.mark.slow
def test_popularity_is_published_where_nothing_was_promoted(settings_of: Settings, make_set: SetMaker) -> None:
    settings = settings_of
    land(settings, make_set())
    run_id = new_run_id()
    train(settings, run_id, models=("popularity",))
    promoted, published = judge(settings, run_id)
    assert (promoted.promoted, published.model, published.trained_for) == (False, "popularity", None)
    assert "no model of ml-latest-small was promoted before" in promoted.ranking.reasons[-1]
    assert champion_recipe(settings.folder, SET) == {}


@pytest.mark.slow
def test_a_champion_of_an_older_schema_still_ranks(settings_of: Settings, make_set: SetMaker) -> None:
    settings = settings_of
    land(settings, make_set())
    first = win(settings)
    path = first.path / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["arrays_from"]
    path.write_text(json.dumps({**manifest, "schema_version": SCHEMA_VERSION - 1}))
    _, second = lose(settings)
    assert (second.manifest["model"], second.manifest["arrays_from"]) == ("covisitation", first.release_id)
    assert champion_recipe(settings.folder, SET)["covisitation"] == first.manifest["recipe"]


@pytest.mark.slow
def test_another_set_in_between_does_not_cost_the_champion(settings_of: Settings, make_set: SetMaker) -> None:
    settings = settings_of
    land(settings, make_set())
    first = win(settings)
    land(settings, make_set("ml-25m"))
    other = win(settings)
    assert other.manifest["dataset"] == "ml-25m"
    land(settings, make_set())
    _, third = lose(settings)
    assert (third.manifest["dataset"], third.manifest["arrays_from"]) == (SET, first.release_id)


def test_a_published_recipe_is_used_whole(settings_of: Settings, make_set: SetMaker) -> None:
    training = TrainingSettings(stars=False, models=("hybrid",), published="hybrid", protocols=("next",))
    settings = settings_of.model_copy(update={"training": training})
    own = settings.folder.recipes / "hybrid.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[weights]\nals = 1.0\nease = 1.0\n[members.als]\nfactors = 5\n")
    land(settings, make_set())
    first = win(settings)
    assert first.manifest["recipe"]["weights"] == {"als": 1.0, "ease": 1.0}
    own.unlink()  # today's file has content and co-visitation, and other factors
    run_id = new_run_id()
    train(settings, run_id, recipes=champion_recipe(settings.folder, SET))
    _, published = judge(settings, run_id)
    second = ReleaseStore(settings.folder).get(published.release_id)
    assert second.manifest["recipe"] == first.manifest["recipe"]
    assert second.manifest["recipe_hash"] == first.manifest["recipe_hash"]
    members = sorted(path.name for path in (second.models / "hybrid").iterdir() if path.is_dir())
    assert members == ["als", "content", "covisitation", "ease"]  # two rank, two say what films are alike
    assert second.manifest["recipe"]["members"]["als"]["factors"] == 5
    assert len(ledgers.read(settings.folder, "promotion")) == 2
