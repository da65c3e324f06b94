"""Each model's own maths on numbers small enough to work out on paper, or against another way to the same result."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sp

from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.models.als import AlsConfig, AlsModel
from pipelines.models.bpr import BprConfig, BprModel
from pipelines.models.covisitation import CovisitationConfig, CovisitationModel
from pipelines.models.ease import EaseConfig, EaseModel
from pipelines.models.parts.sparse import keep_largest
from pipelines.models.parts.through_films import gram
from pipelines.models.svd import SvdConfig, SvdModel
from pipelines.people.history import Histories, HistoryRule, WeightRule

FLAT = WeightRule(power=0)
READ = HistoryRule(power=0)


def random_histories(n_users: int, n_items: int, seed: int = 3) -> Histories:
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users, n_items)) < 0.3)
    stars = rng.choice([1.0, 3.0, 4.0, 5.0], len(users))
    return Histories.from_columns(users, items, stars, rng.permutation(len(users)), n_users)


def films(n_items: int) -> Films:
    return Films(np.arange(n_items) * 10)


# -- EASE ---------------------------------------------------------------------------------------------------------


def test_ease_of_two_films_by_hand() -> None:
    # X = [[1, 1], [1, 0]]: XᵀX + I = [[3, 1], [1, 2]], inverse [[2, -1], [-1, 3]] / 5, so B = [[0, 1/3], [1/2, 0]]
    histories = Histories.from_columns([0, 0, 1], [0, 1, 0], [5, 5, 5], [1, 2, 3], 2)
    model = EaseModel(EaseConfig(regularization=1.0)).fit(histories, films(2))
    np.testing.assert_allclose(model.weights_.toarray(), [[0, 1 / 3], [1 / 2, 0]], rtol=1e-5)
    np.testing.assert_allclose(model.score(histories.take([1])), [[-np.inf, 1 / 3]], rtol=1e-5)


def test_ease_agrees_with_the_textbook_inverse() -> None:
    histories = random_histories(60, 30)
    model = EaseModel(EaseConfig(regularization=7.0)).fit(histories, films(30))
    x = histories.matrix(np.ones(len(histories.item_idx), np.float32), 30).toarray().astype(np.float64)
    rated = histories.matrix(histories.ratings, 30).toarray()
    inverse = np.linalg.inv(x.T @ x + 7 * np.eye(30))
    expected = np.eye(30) - inverse / inverse.diagonal()
    np.testing.assert_allclose(model.weights_.toarray(), expected, atol=1e-5)
    np.testing.assert_allclose(model.score(histories), np.where(rated > 2, 1, 0) @ expected, atol=1e-4)


def test_ease_kept_sparse_has_the_largest_weights_of_each_scored_film() -> None:
    histories = random_histories(60, 30)
    whole = EaseModel(EaseConfig(regularization=7.0)).fit(histories, films(30)).weights_.toarray()
    pruned = EaseModel(EaseConfig(regularization=7.0, dense_items=10, neighbours=4)).fit(histories, films(30)).weights_
    assert sp.issparse(pruned)
    for column in range(30):
        kept = np.flatnonzero(pruned.toarray()[:, column])
        assert set(kept) == set(np.argsort(-np.abs(whole[:, column]))[:4])
    np.testing.assert_allclose(pruned.toarray()[pruned.nonzero()], whole[pruned.nonzero()], rtol=1e-5)


def test_ease_scores_the_most_rated_films_only() -> None:
    histories = Histories.from_columns([0, 0, 1, 1, 2], [0, 2, 2, 3, 2], [5] * 5, [1, 2, 3, 4, 5], 3)
    model = EaseModel(EaseConfig(max_items=2)).fit(histories, films(5))
    assert model.kept_.tolist() == [0, 2]
    assert np.isfinite(model.score(histories)[0]).tolist() == [True, False, True, False, False]


def test_ease_learns_from_the_latest_ratings_of_a_long_history() -> None:
    histories = Histories.from_columns([0, 0, 0], [0, 1, 2], [5] * 3, [3, 1, 2], 1)
    model = EaseModel(EaseConfig(max_history=2)).fit(histories, films(3))
    assert model.kept_.tolist() == [0, 2]


@pytest.mark.parametrize("regularization", [1e-3, 1e-9])
def test_ease_goes_to_double_precision_where_single_would_lose_the_weights(regularization: float) -> None:
    histories = random_histories(400, 30)
    model = EaseModel(EaseConfig(regularization=regularization)).fit(histories, films(30))
    x = histories.matrix(np.ones(len(histories.item_idx), np.float32), 30).toarray().astype(np.float64)
    inverse = np.linalg.inv(x.T @ x + regularization * np.eye(30))
    np.testing.assert_allclose(model.weights_.toarray(), np.eye(30) - inverse / inverse.diagonal(), atol=1e-4)


def test_the_gram_matrix_of_many_blocks_is_one_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.models.parts.through_films.BLOCK", 7)
    matrix = sp.random_array((50, 30), density=0.3, rng=np.random.default_rng(0), dtype=np.float32).tocsr()
    np.testing.assert_allclose(np.triu(gram(matrix)), np.triu((matrix.T @ matrix).toarray()), rtol=1e-5)


# -- co-visitation ------------------------------------------------------------------------------------------------


def test_covisitation_by_hand() -> None:
    # one person: film 0, then 1, then 2; forward counts double, distance 2 counts 2 ** -1
    histories = Histories.single([0, 1, 2], [5, 5, 5], [1, 2, 3])
    plain = CovisitationConfig(falloff=1.0, damping=0, source_damping=0, training=FLAT, history=READ)
    model = CovisitationModel(plain).fit(histories, films(3))
    np.testing.assert_allclose(model.counts_.toarray(), np.array([[0, 2, 1], [1, 0, 2], [0.5, 1, 0]]))


def test_covisitation_has_no_order_within_a_second() -> None:
    histories = Histories.single([0, 1], [5, 5], [1, 1])
    plain = CovisitationConfig(damping=0, source_damping=0, training=FLAT, history=READ)
    model = CovisitationModel(plain).fit(histories, films(2))
    np.testing.assert_allclose(model.counts_.toarray(), np.array([[0, 1.5], [1.5, 0]]))


def test_covisitation_is_damped_by_both_films_popularity() -> None:
    histories = Histories.from_columns([0, 0, 1, 2, 3], [0, 1, 1, 1, 1], [5] * 5, [1, 2, 3, 4, 5], 4)
    config = CovisitationConfig(damping=0.5, source_damping=0.25, training=FLAT, history=READ)
    counts = CovisitationModel(config).fit(histories, films(2)).counts_.toarray()
    np.testing.assert_allclose(counts, [[0, 2 / 4**0.5], [1 / 4**0.25, 0]])


def test_covisitation_looks_no_further_than_its_window() -> None:
    histories = Histories.single([0, 1, 2, 3], [5] * 4, [1, 2, 3, 4])
    counts = CovisitationModel(CovisitationConfig(window=2)).fit(histories, films(4)).counts_
    assert counts[0, 2] > 0
    assert counts[0, 3] == 0


# -- factor models ------------------------------------------------------------------------------------------------


def test_als_folds_in_by_the_papers_equation() -> None:
    histories = random_histories(60, 30)
    model = AlsModel(AlsConfig(factors=5, alpha=8.0, history_alpha=3.0, regularization=0.7)).fit(histories, films(30))
    factors = model.item_factors_.astype(np.float64)
    history = histories.take([4])
    confidence = np.ones(30)
    speaks = history.ratings > 2
    confidence[history.item_idx] += 3.0 * history.ratings / 5 * speaks
    liked = np.zeros(30)
    liked[history.item_idx] = speaks
    user = np.linalg.solve(
        factors.T @ np.diag(confidence) @ factors + 0.7 * np.eye(5), factors.T @ (confidence * liked)
    )
    np.testing.assert_allclose(model.score(history)[0], factors @ user, rtol=1e-4, atol=1e-5)


def test_bpr_ranks_what_friends_rated() -> None:
    users = np.repeat(np.arange(40), 6)
    items = np.concatenate([(user % 2) * 10 + np.random.default_rng(user).permutation(10)[:6] for user in range(40)])
    histories = Histories.from_columns(users, items, np.full(240, 5.0), np.arange(240), 40)
    model = BprModel(BprConfig(factors=8, iterations=200)).fit(histories, films(20))
    best = recommend(model, Histories.single([0, 1, 2], [5, 5, 5], [1, 2, 3]), 5).item_idx
    assert (best < 10).all()


def exact_parts(
    model: AlsModel | EaseModel | CovisitationModel | BprModel | SvdModel, history: Histories
) -> np.ndarray:
    every = np.arange(model.n_items, dtype=np.int32)
    return np.asarray(model.contributions(history, every).sum(axis=1))


def test_explanations_add_up_to_the_score() -> None:
    histories = random_histories(60, 30)
    history = histories.take([7])
    for kind, config in ((AlsModel, AlsConfig(factors=5)), (EaseModel, EaseConfig()), (CovisitationModel, None)):
        model = kind(config).fit(histories, films(30))
        scores = model.score(history)[0]
        told = np.isfinite(scores)
        np.testing.assert_allclose(exact_parts(model, history)[told], scores[told], rtol=1e-3, atol=1e-5)
    bpr = BprModel(BprConfig(factors=5)).fit(histories, films(30))
    np.testing.assert_allclose(exact_parts(bpr, history) + bpr.biases_, bpr.score(history)[0], rtol=1e-3, atol=1e-5)
    svd = SvdModel(SvdConfig(factors=5)).fit(histories, films(30))
    base = svd.mean_ + svd.biases_
    np.testing.assert_allclose(exact_parts(svd, history) + base, svd.score(history)[0], rtol=1e-3, atol=1e-5)


# -- sparse -------------------------------------------------------------------------------------------------------


def test_the_largest_of_each_row_are_kept() -> None:
    rows = np.array([[1.0, -5.0, 3.0, 0.0], [0.0, 0.0, 0.5, 0.0]])
    np.testing.assert_array_equal(keep_largest(rows, 2).toarray(), [[0, -5, 3, 0], [0, 0, 0.5, 0]])
    np.testing.assert_array_equal(keep_largest(rows, 9).toarray(), rows)


def test_weights_of_a_history_by_hand() -> None:
    # 4 stars squared and one rating later: 0.64 × 0.5
    model = EaseModel(EaseConfig(regularization=1.0, history=HistoryRule(power=2, decay=0.5)))
    model.fit(Histories.from_columns([0, 0, 1], [0, 1, 0], [5, 5, 5], [1, 2, 3], 2), films(2))
    scores = model.score(Histories.single([0, 1], [4.0, 5.0], [1, 2]))
    np.testing.assert_allclose(scores, [[1 / 2, 0.32 / 3]], rtol=1e-5)
    assert math.isclose(0.8**2 * 0.5, 0.32)
