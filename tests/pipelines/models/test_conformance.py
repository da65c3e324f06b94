"""One suite that every model of the catalogue passes; a new model inherits it by being listed there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pipelines.blend.catalogue import MODELS, load_model
from pipelines.blend.one_pass import OnePass, candidate_scores
from pipelines.films.films import Films
from pipelines.lists.rank import best_films, recommend
from pipelines.lists.similar import similar_films
from pipelines.models.base import Model
from pipelines.people.history import Histories
from warehouse.errors import ModelFormatError, NotEnoughDataError, NotFittedError

SMALL: dict[str, dict[str, object]] = {
    "als": {"factors": 3, "iterations": 8},
    "bpr": {"factors": 3, "iterations": 20},
    "svd": {"factors": 3},
    "hybrid": {"members": {"als": {"factors": 3}}},
}
"""Sizes that suit seven films; everything else is the model's default."""


def make(name: str) -> Model:
    kind = MODELS[name]
    return kind(kind.config_class.model_validate(SMALL.get(name, {})))


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest, histories: Histories, films: Films) -> Model:
    return make(request.param).fit(histories, films)


def test_scores_have_a_row_a_history_and_a_column_a_film(model: Model, histories: Histories) -> None:
    scores = model.score(histories)
    assert scores.shape == (6, 7)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()
    assert not np.isposinf(scores).any()


def test_lists_leave_out_what_was_rated(model: Model, histories: Histories) -> None:
    lists = recommend(model, histories, 7)
    for row in range(len(histories)):
        seen = set(histories.take([row]).item_idx)
        assert not seen & set(lists.row(row)[0])


def test_lists_fall_in_score_and_break_ties_by_movie_id(model: Model, histories: Histories) -> None:
    lists = recommend(model, histories, 7)
    for row in range(len(histories)):
        items, scores = lists.row(row)
        assert len(set(items)) == len(items)
        pairs = list(zip(-scores, items, strict=True))
        assert pairs == sorted(pairs)


def test_k_beyond_the_catalogue_gives_shorter_lists_and_no_invented_row(model: Model, histories: Histories) -> None:
    lists = recommend(model, histories, 1000)
    assert np.diff(lists.indptr).max() <= len(model.films)
    assert np.isfinite(lists.scores).all()


def test_a_longer_list_begins_with_the_shorter_one(model: Model, histories: Histories) -> None:
    short, long = recommend(model, histories, 2), recommend(model, histories, 4)
    for row in range(len(histories)):
        items = short.row(row)[0]
        assert list(long.row(row)[0][: len(items)]) == list(items)


def test_allowed_films_only(model: Model, histories: Histories) -> None:
    allowed = np.array([False, False, False, True, True, True, False])
    (batch,) = OnePass(model).batches(histories)
    assert allowed[best_films(model, batch, 7, allowed).item_idx].all()


def test_an_empty_history_is_legal(model: Model) -> None:
    empty = Histories.single([], [], [])
    scores = model.score(empty)
    assert scores.shape == (1, 7)
    if model.personal:
        assert np.isneginf(scores).all()


def test_no_history_at_all_is_legal(model: Model, histories: Histories) -> None:
    nobody = histories.take([])
    assert model.score(nobody).shape == (0, 7)
    assert len(recommend(model, nobody, 3)) == 0


def test_a_film_it_does_not_know_is_refused(model: Model) -> None:
    with pytest.raises(ValueError, match="item_idx"):
        model.score(Histories.single([7], [4.0], [1]))


def test_batch_and_live_agree(model: Model, histories: Histories) -> None:
    together = model.score(histories)
    for row in range(len(histories)):
        alone = model.score(histories.take([row]))[0]
        np.testing.assert_allclose(alone, together[row], rtol=1e-5, atol=1e-6)
        batch, live = recommend(model, histories, 4).row(row), recommend(model, histories.take([row]), 4).row(0)
        assert list(batch[0]) == list(live[0])


def test_refitting_is_fitting_afresh(model: Model, histories: Histories, films: Films) -> None:
    before = model.score(histories)
    other = histories.take([0, 2])
    again = model.fit(other, films).fit(histories, films).score(histories)
    np.testing.assert_array_equal(before, again)


def test_the_same_seed_gives_the_same_model(model: Model, histories: Histories, films: Films) -> None:
    np.testing.assert_array_equal(make(model.name).fit(histories, films).score(histories), model.score(histories))


@pytest.mark.parametrize("mmap", [True, False])
def test_saved_and_loaded_it_scores_the_same(model: Model, histories: Histories, tmp_path: Path, mmap: bool) -> None:
    model.save(tmp_path)
    loaded = load_model(tmp_path, mmap=mmap)
    assert type(loaded) is type(model)
    assert loaded.config == model.config
    np.testing.assert_array_equal(loaded.score(histories), model.score(histories))
    np.testing.assert_array_equal(similar_films(loaded, [0, 3], 5).item_idx, similar_films(model, [0, 3], 5).item_idx)


def test_a_saved_model_of_another_version_is_refused(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(re.sub(r'"format_version": \d+', '"format_version": 99', path.read_text()))
    with pytest.raises(ModelFormatError, match="format 99"):
        load_model(tmp_path)


def test_a_missing_array_is_named(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path)
    victim = next(tmp_path.glob("*.npy"))
    victim.unlink()
    with pytest.raises(ModelFormatError, match=str(tmp_path)):
        load_model(tmp_path)


def test_nothing_is_written_into_the_inputs(model: Model, histories: Histories, films: Films) -> None:
    for array in (histories.indptr, histories.item_idx, histories.ratings, histories.rated_at, films.movie_ids):
        array.setflags(write=False)
    recommend(make(model.name).fit(histories, films), histories, 3)


def test_similar_films_never_name_the_film_itself(model: Model) -> None:
    lists = similar_films(model, np.arange(7), 6)
    assert len(lists) == 7
    for item in range(7):
        assert item not in lists.row(item)[0]


def test_lists_hold_the_best_of_the_plain_scores(model: Model, histories: Histories) -> None:
    plain = model.score(histories)
    plain[histories.owner, histories.item_idx] = -np.inf
    lists = recommend(model, histories, 7)
    for row in range(len(histories)):
        items, scores = lists.row(row)
        assert set(items) == set(np.flatnonzero(np.isfinite(plain[row])))
        np.testing.assert_allclose(scores, plain[row, items], rtol=1e-4, atol=1e-5)


def test_the_candidate_matrix_has_a_row_a_candidate_and_a_column_a_channel(model: Model, histories: Histories) -> None:
    found = candidate_scores(model, histories, 3)
    assert found.says.shape == (len(found.lists.item_idx), len(found.channels))
    assert np.isfinite(found.says).all()


def test_shares_are_shares(model: Model, histories: Histories) -> None:
    history = histories.take([1])
    (batch,) = OnePass(model).batches(history)
    reasons = batch.explain(batch.best(2), 2, 3)
    shares = reasons.shares
    assert (shares >= 0).all()
    for total in shares.sum(axis=1):
        assert total == pytest.approx(1, abs=1e-5) or total == 0
    assert reasons.ratings.max(initial=0) < 3


def test_a_personal_model_weighs_what_somebody_likes(model: Model, histories: Histories) -> None:
    weights = model.history_weights(histories)
    assert weights.shape == histories.item_idx.shape
    assert (weights >= 0).all()
    assert (weights > 0).any() == model.personal


def test_unfitted_it_says_so(model: Model, histories: Histories) -> None:
    with pytest.raises(NotFittedError, match=model.name):
        make(model.name).score(histories)


def test_nothing_to_learn_from_is_an_error(model: Model, films: Films) -> None:
    with pytest.raises(NotEnoughDataError):
        make(model.name).fit(Histories.single([], [], []), films)
