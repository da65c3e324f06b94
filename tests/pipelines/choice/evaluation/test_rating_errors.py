"""SVD's rating errors, against Surprise's own estimates and against what its authors publish."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.choice.evaluation.rating_errors import _estimates, cross_validate
from pipelines.choice.evaluation.split import Ratings
from pipelines.films.films import Films
from pipelines.models.svd import SvdConfig, SvdModel, train_surprise
from pipelines.people.history import Histories
from warehouse.errors import NotEnoughDataError


def tastes(n_users: int = 60, n_items: int = 40) -> Ratings:
    """Half of the people love the even films and dislike the odd ones; the others the reverse."""
    rng = np.random.default_rng(4)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.6)
    stars = np.where((users + items) % 2 == 0, 4.5, 1.5) + rng.choice([-0.5, 0, 0.5], len(users))
    times = np.arange(len(users))
    return Ratings(users, items.astype(np.int32), stars.astype(np.float32), times, n_users, n_items)


def test_the_product_is_surprises_estimate() -> None:
    ratings = tastes()
    train = ratings.histories(ratings.rated_at % 3 > 0)
    # a user and a film that the fit has never seen
    asked = Histories.from_columns([0, 0, 5, 60], [1, 40, 7, 3], [4, 4, 4, 4], [0, 0, 0, 0], 61)
    train = Histories(np.append(train.indptr, train.indptr[-1]), train.item_idx, train.ratings, train.rated_at)
    trained = train_surprise(train, 41, SvdConfig(factors=5))
    expected = [
        np.clip(trained.estimate(int(user), int(item)), 0.5, 5)
        for user, item in zip(asked.owner, asked.item_idx, strict=True)
        if user < 60 and item < 40
    ]
    found = _estimates(trained, train, asked)
    np.testing.assert_allclose([found[0], found[2]], expected, rtol=1e-6)
    np.testing.assert_allclose(found[1], np.clip(trained.trainset.global_mean + trained.bu[0], 0.5, 5))
    np.testing.assert_allclose(found[3], np.clip(trained.trainset.global_mean + trained.bi[3], 0.5, 5))


def test_a_newcomers_history_is_read_like_a_trained_users() -> None:
    ratings = tastes()
    films = Films(np.arange(40))
    found = cross_validate(ratings, films, n_folds=3, config=SvdConfig(factors=4, epochs=300, ridge=0.5))
    spread = float(np.std(ratings.rating))
    assert found.rmse < 0.6 * spread
    assert found.fold_in_rmse < 0.6 * spread
    assert found.mae < found.rmse
    assert (found.n_folds, found.n_ratings) == (3, len(ratings))


def test_somebody_nobody_trained_on_gets_their_own_stars() -> None:
    ratings = tastes()
    films = Films(np.arange(40))
    model = SvdModel(SvdConfig(factors=4, epochs=300, ridge=0.5)).fit(ratings.histories(), films)
    evens = Histories.single(np.arange(12), np.where(np.arange(12) % 2 == 0, 5.0, 1.0), np.arange(12))
    asked = Histories.single([20, 21, 22, 23], [0, 0, 0, 0], [0, 0, 0, 0])
    stars = model.predict_ratings(evens, asked)
    assert (stars[[0, 2]] > 3.7).all()
    assert (stars[[1, 3]] < 2.3).all()
    nothing = model.predict_ratings(Histories.single([], [], []), asked)
    np.testing.assert_allclose(nothing, model.mean_ + model.biases_[20:24], rtol=1e-5)


def test_fewer_ratings_than_folds_are_refused() -> None:
    ratings = tastes(2, 2)
    with pytest.raises(NotEnoughDataError, match="not"):
        cross_validate(ratings, Films(np.arange(2)), n_folds=5)
