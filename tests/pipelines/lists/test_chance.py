"""Scores as chances: against isotonic regression as scikit-learn does it, and against chances that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from pipelines.lists.chance import BIN_RATINGS, PULL, fit, own_chances, pooled


def test_neighbours_out_of_order_share_their_mean() -> None:
    # 3, 5 rise: both become 4; 4, 4, 4 stand; 1 is below
    assert pooled(np.array([3.0, 5.0, 4.0, 1.0])).tolist() == [4.0, 4.0, 4.0, 1.0]
    assert pooled(np.array([1.0, 3.0, 0.0]), np.array([1.0, 1.0, 2.0]), rising=True).tolist() == [1.0, 1.0, 1.0]
    assert pooled(np.array([])).tolist() == []


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 50)), min_size=1, max_size=40), st.booleans())
def test_pooling_is_isotonic_regression(rows: list[tuple[float, int]], rising: bool) -> None:
    values, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    places = np.arange(len(values))
    theirs = IsotonicRegression(increasing=rising).fit(places, values, weights).predict(places)
    assert pooled(values, weights, rising=rising) == pytest.approx(theirs, abs=1e-9)


def test_a_curve_finds_chances_that_are_known() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(0, 2, 20_000)
    truth = 1 / (1 + np.exp(-scores))
    liked = (rng.random(20_000) < truth).astype(float)
    curve = fit(scores, liked)
    middle = np.linspace(-3, 3, 61)
    assert (
        np.abs(curve.at(middle) - 1 / (1 + np.exp(-middle))).max() < 0.06
    )  # three deviations of 400 ratings are 0.075
    assert (np.diff(curve.at(np.linspace(-9, 9, 500))) >= 0).all()


def test_few_ratings_promise_the_mean() -> None:
    curve = fit(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.0, 1.0, 1.0]))
    assert len(curve.scores) == 1
    assert curve.at(np.array([-9.0, 2.5, 9.0])) == pytest.approx([0.75, 0.75, 0.75])
    assert fit(np.array([]), np.array([])).at(np.array([1.0])) == pytest.approx([0.5])


def test_an_end_with_few_likes_is_pulled_towards_the_mean() -> None:
    n = 2 * BIN_RATINGS
    scores, liked = np.arange(n, dtype=float), np.r_[np.zeros(BIN_RATINGS), np.ones(BIN_RATINGS)]
    top = (BIN_RATINGS + PULL * 0.5) / (BIN_RATINGS + PULL)
    assert fit(scores, liked).at(np.array([1e6])) == pytest.approx([top])


def test_equal_scores_have_one_chance() -> None:
    scores = np.repeat([0.0, 1.0], [950, 50])
    curve = fit(scores, np.r_[np.zeros(950), np.ones(50)])
    assert len(np.unique(curve.scores)) == len(curve.scores) <= 2


def test_weights_are_ratings_behind_an_entry() -> None:
    # a film of 300 ratings, 90 liked, against 300 films of one rating each
    whole = fit(np.array([1.0, 2.0]), np.array([0.3, 0.8]), np.array([300, 300]))
    scores = np.repeat([1.0, 2.0], 300)
    single = fit(scores, np.r_[np.ones(90), np.zeros(210), np.ones(240), np.zeros(60)])
    assert whole.at(np.array([1.0, 2.0])) == pytest.approx(single.at(np.array([1.0, 2.0])))


def test_a_film_of_few_ratings_has_nearly_the_share_of_all() -> None:
    likes, ratings = np.array([80, 0, 1]), np.array([100, 100, 1])
    mean = 81 / 201
    expected = [(80 + 20 * mean) / 120, (20 * mean) / 120, (1 + 20 * mean) / 21]
    assert own_chances(likes, ratings) == pytest.approx(expected, rel=1e-5)
