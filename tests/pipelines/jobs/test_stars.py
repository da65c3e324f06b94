"""Predicted ratings from the main job to the API and the command: the same number by every door."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from pipelines.jobs.build import build
from pipelines.jobs.publish import publish
from pipelines.jobs.publish_changed import publish_changed
from pipelines.jobs.reuse import reuse
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from tests.conftest import SetMaker
from tests.pipelines.jobs.test_main_job import QUICK, run
from tests.serving.conftest import running, settings_of
from warehouse.errors import UnknownFilmError, UnknownModelError, UnknownUserError
from warehouse.store import ReleaseStore


@pytest.fixture
def quick(run_settings: Settings) -> Settings:
    return run_settings.model_copy(update={"training": QUICK.model_copy(update={"stars": True})})


@pytest.mark.slow
def test_the_command_and_the_api_predict_the_same(
    quick: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(quick, make_set())
    release = ReleaseStore(quick.folder).current()
    with running(settings_of(quick.data_dir)) as api:
        own, other = (api.get(f"/users/1/rating/{film}").json() for film in (530, 510))
        missing = api.get("/users/ml_1/rating/99999"), api.get("/users/nobody/rating/530")
    # an odd person likes films 21-40 (TMDB 521-540) with 4 stars and more, and the others with 2.5 at most
    assert own["predicted_rating"] > other["predicted_rating"]
    assert (own["user_id"], own["movie_id"], own["release_id"]) == ("ml_1", 530, release.release_id)
    assert 0 < own["mae"] <= own["rmse"] < 4.5
    assert own["n_ratings"] == 960
    assert [answer.status_code for answer in missing] == [404, 404]
    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(quick.folder.root))
    told = CliRunner().invoke(app, ["predict", "1", "530", "--json"])
    assert json.loads(told.output) == {name: value for name, value in own.items() if name != "release_id"}
    sentence = CliRunner().invoke(app, ["predict", "1", "530"]).output
    assert "ml_1 would give The Film 30" in sentence
    assert f"{own['predicted_rating']:.1f} stars" in sentence
    for words, error in ((["nobody", "530"], UnknownUserError), (["1", "99999"], UnknownFilmError)):
        assert isinstance(CliRunner().invoke(app, ["predict", *words]).exception, error)


@pytest.mark.slow
def test_a_run_that_trains_nothing_keeps_what_predicts(quick: Settings, make_set: SetMaker) -> None:
    run(quick, make_set())
    store = ReleaseStore(quick.folder)
    first = store.current()
    for again in ("reuse", "changed"):
        run_id = new_run_id()
        build(quick, run_id)
        if again == "reuse":
            reuse(quick, run_id, "ml-latest-small")
            publish(quick, run_id)
        else:
            publish_changed(quick, run_id)
        release = store.current()
        assert release.manifest["stars"] == first.manifest["stars"]
        factors = [np.load(one.models / "stars" / "item_factors_.npy") for one in (first, release)]
        assert np.array_equal(*factors)


def test_without_it_the_answer_says_what_to_set(
    quick: Settings, make_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = quick.model_copy(update={"training": QUICK.model_copy(update={"stars": False})})
    run(off, make_set())
    with running(settings_of(off.data_dir)) as api:
        answer = api.get("/users/ml_1/rating/530")
    assert answer.status_code == 404
    assert "PLAYBILL_TRAINING__STARS" in answer.json()["detail"]
    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(off.folder.root))
    assert isinstance(CliRunner().invoke(app, ["predict", "1", "530"]).exception, UnknownModelError)
