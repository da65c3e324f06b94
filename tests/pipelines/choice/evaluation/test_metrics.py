"""Metrics against numbers worked by hand and against two independent libraries."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest

from pipelines.choice.evaluation import metrics
from pipelines.choice.evaluation.metrics import Hits
from pipelines.films.films import Films
from pipelines.models.parts.top_k import Lists

# three lists of up to 3 of 6 films; relevant: {2, 5}, {0, 1, 3, 4}, {5}
TOP = np.array([[5, 0, 2], [0, 2, -1], [1, 2, 3]])
RELEVANT_INDPTR = np.array([0, 2, 6, 7])
RELEVANT_IDX = np.array([2, 5, 0, 1, 3, 4, 5], dtype=np.int32)


@pytest.fixture
def ranked() -> Hits:
    return metrics.find_hits(TOP, RELEVANT_INDPTR, RELEVANT_IDX, 6)


def test_lists_are_laid_out_with_minus_one_for_what_is_missing() -> None:
    lists = Lists(np.array([0, 3, 5, 5]), np.array([5, 0, 2, 0, 2], np.int32), np.ones(5, np.float32))
    np.testing.assert_array_equal(metrics.lay_out(lists, 3), [[5, 0, 2], [0, 2, -1], [-1, -1, -1]])
    np.testing.assert_array_equal(metrics.lay_out(lists, 2), [[5, 0], [0, 2], [-1, -1]])


def test_hits(ranked: Hits) -> None:
    np.testing.assert_array_equal(ranked.relevant, [[True, False, True], [True, False, False], [False, False, False]])


def test_accuracy_by_hand(ranked: Hits) -> None:
    np.testing.assert_allclose(metrics.recall(ranked), [1, 1 / 4, 0])
    np.testing.assert_allclose(metrics.capped_recall(ranked), [1, 1 / 3, 0])
    ideal_two, ideal_three = 1 + 1 / math.log2(3), 1 + 1 / math.log2(3) + 0.5
    np.testing.assert_allclose(metrics.ndcg(ranked), [1.5 / ideal_two, 1 / ideal_three, 0])
    np.testing.assert_allclose(metrics.average_precision(ranked), [(1 + 2 / 3) / 2, 1 / 4, 0])
    np.testing.assert_allclose(metrics.reciprocal_rank(ranked), [1, 1, 0])
    np.testing.assert_allclose(metrics.hit(ranked), [1, 1, 0])
    np.testing.assert_allclose(metrics.full_list(TOP), [1, 0, 1])


def test_nothing_relevant_is_not_measured() -> None:
    ranked = metrics.find_hits(TOP[:1], np.array([0, 0]), np.zeros(0, np.int32), 6)
    for metric in (metrics.recall, metrics.ndcg, metrics.average_precision, metrics.reciprocal_rank, metrics.hit):
        assert np.isnan(metric(ranked)).all()


def test_coverage_and_gini_by_hand() -> None:
    assert metrics.coverage(TOP, 6) == pytest.approx(5 / 6)
    # exposures 0, 1, 1, 1, 2, 3: Σ(2i - 7)x = -3 - 1 + 1 + 6 + 15 = 18, over 6 × 8
    assert metrics.gini(TOP, 6) == pytest.approx(18 / 48)
    assert metrics.gini(np.array([[0, 1], [2, 3]]), 4) == pytest.approx(0)


def test_novelty_by_hand() -> None:
    # 7 people; films rated by 7, 1, 3 … of them: 0, 2 and 1 bits
    bits = metrics.novelty(np.array([[0, 1, 2], [2, -1, -1], [-1, -1, -1]]), np.array([7, 1, 3]), 7)
    np.testing.assert_allclose(bits, [(0 + 2 + 1) / 3, 1, np.nan])


def test_diversity_by_hand() -> None:
    films = Films(np.arange(4), pd.DataFrame({"genres": [["Drama"], ["Drama", "War"], ["Comedy"], []]}))
    genres = metrics.genre_flags(films)
    assert genres is not None
    found = metrics.intra_list_diversity(np.array([[0, 1, 2], [0, 1, -1], [3, -1, -1]]), genres)
    np.testing.assert_allclose(found, [(0.5 + 1 + 1) / 3, 0.5, np.nan])


def _random_case() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    scores = rng.permuted(np.tile(np.arange(40.0), (50, 1)), axis=1)
    relevant = rng.random((50, 40)) < rng.uniform(0.03, 0.6, 50)[:, None]
    relevant[:, 7] |= ~relevant.any(axis=1)
    owner, items = np.nonzero(relevant)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=50))))
    return scores, relevant, indptr, items.astype(np.int32)


def test_ndcg_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import ndcg_score

    scores, relevant, indptr, items = _random_case()
    ranked = metrics.find_hits(np.argsort(-scores)[:, :10], indptr, items, 40)
    expected = [ndcg_score(relevant[row : row + 1], scores[row : row + 1], k=10) for row in range(50)]
    np.testing.assert_allclose(metrics.ndcg(ranked), expected)


@pytest.mark.slow  # numba compiles ranx for half a minute
def test_everything_agrees_with_ranx() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ranx import Qrels, Run, evaluate

        scores, relevant, indptr, items = _random_case()
        truth = {str(row): {str(item): 1 for item in np.flatnonzero(relevant[row])} for row in range(50)}
        run = {str(row): {str(item): float(scores[row, item]) for item in range(40)} for row in range(50)}
        names = ["ndcg@10", "recall@10", "map@10", "mrr@10", "hit_rate@10"]
        expected = evaluate(Qrels(truth), Run(run), names)
    ranked = metrics.find_hits(np.argsort(-scores)[:, :10], indptr, items, 40)
    ours = [metrics.ndcg, metrics.recall, metrics.average_precision, metrics.reciprocal_rank, metrics.hit]
    for name, metric in zip(names, ours, strict=True):
        assert metric(ranked).mean() == pytest.approx(expected[name]), name
