"""EASE's weights by both ways, against the paper's formula through numpy's own inverse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from pipelines.models.ease import EaseConfig, EaseModel
from pipelines.models.parts.autoencoder import people_are_cheaper
from pipelines.models.parts.through_films import weights_through_films
from pipelines.models.parts.through_people import weights_through_people
from tests.pipelines.models.test_models_by_hand import films, random_histories


def ratings(n_people: int, n_films: int, density: float = 0.3) -> sp.csr_matrix:
    """Return 1s and 3s, so that neither way can lean on a binary matrix."""
    rng = np.random.default_rng(5)
    matrix = sp.random_array((n_people, n_films), density=density, rng=rng, dtype=np.float32).tocsr()
    matrix.data = rng.choice(np.array([1, 3], np.float32), len(matrix.data))
    return sp.csr_matrix(matrix)


def paper(user_items: sp.csr_matrix, regularization: float) -> np.ndarray:
    x = user_items.toarray().astype(np.float64)
    inverse = np.linalg.inv(x.T @ x + regularization * np.eye(x.shape[1]))
    weights: np.ndarray = np.eye(x.shape[1]) - inverse / inverse.diagonal()
    return weights


@pytest.mark.parametrize(("n_people", "n_films"), [(9, 40), (40, 9), (1, 5), (25, 600)])
def test_both_ways_agree_with_the_paper(n_people: int, n_films: int) -> None:
    user_items = ratings(n_people, n_films)
    expected = paper(user_items, 7.0)
    for way in (weights_through_people, weights_through_films):
        np.testing.assert_allclose(way(user_items, 7.0, n_films).toarray(), expected, atol=1e-5, err_msg=way.__name__)


@pytest.mark.parametrize("regularization", [1e-3, 1e-9])
def test_people_s_way_is_left_where_rounding_would_lose_the_weights(regularization: float) -> None:
    # more people than films, so that a film's diagonal comes near λ over its ratings
    user_items = ratings(400, 30)
    weights = weights_through_people(user_items, 10 * regularization, 30).toarray()
    np.testing.assert_allclose(weights, paper(user_items, 10 * regularization), atol=1e-4)


def test_the_largest_of_each_column_are_kept_whichever_way() -> None:
    user_items = ratings(30, 700, density=0.2)
    whole = paper(user_items, 50.0)
    cut = weights_through_people(user_items, 50.0, 20).toarray()
    same = weights_through_films(user_items, 50.0, 20).toarray()
    least = np.sort(np.abs(whole), axis=0)[-20]
    sure = np.abs(np.abs(whole) - least) > 1e-5  # what ties with the last one kept may fall either way
    np.testing.assert_array_equal((cut != 0)[sure], (np.abs(whole) > least)[sure])
    np.testing.assert_array_equal((same != 0)[sure], (np.abs(whole) > least)[sure])
    np.testing.assert_allclose(cut[cut != 0], whole[cut != 0], atol=1e-5)


def test_the_way_of_less_work_is_taken() -> None:
    # ml-latest-small, a million ratings of very many films, MovieLens 1M and 32M
    assert people_are_cheaper(610, 9_715, 100_836)
    assert people_are_cheaper(6_280, 20_000, 929_887)
    assert not people_are_cheaper(6_040, 3_706, 1_000_209)
    assert not people_are_cheaper(200_948, 20_000, 32_000_204)


def test_a_model_of_few_people_scores_as_the_paper_does() -> None:
    histories = random_histories(8, 60)
    x = histories.matrix(np.ones(len(histories.item_idx), np.float32), 60)
    model = EaseModel(EaseConfig(regularization=5.0)).fit(histories, films(60))
    read = histories.matrix((histories.ratings > 2).astype(np.float32), 60)  # a dislike is learned from, not read
    expected = read.toarray() @ paper(x, 5.0)
    scores = model.score(histories)
    np.testing.assert_allclose(scores[np.isfinite(scores)], expected[np.isfinite(scores)], atol=1e-4)
