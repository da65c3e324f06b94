"""nDCG@10 of weighted candidates agrees with the evaluation's, and its smoothed form with its own slope."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.choice import soft_ndcg
from pipelines.choice.evaluation import metrics


def people(n: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    indptr = np.concatenate(([0], np.cumsum(rng.integers(0, 40, n)))).astype(np.int64)
    scores = rng.standard_normal(indptr[-1]).astype(np.float32)
    hits = rng.random(indptr[-1]) < 0.2
    owner = np.repeat(np.arange(n), np.diff(indptr))
    n_relevant = np.bincount(owner, weights=hits, minlength=n).astype(np.int64) + rng.integers(1, 4, n)
    return scores, indptr, hits, n_relevant, owner


def test_it_is_the_ndcg_of_the_evaluation() -> None:
    scores, indptr, hits, n_relevant, owner = people(50)
    order = np.lexsort((-scores, owner))
    found = np.zeros((50, 10), dtype=bool)
    for person in range(50):
        best = hits[order][indptr[person] : indptr[person + 1]][:10]
        found[person, : len(best)] = best
    expected = metrics.ndcg(metrics.Hits(np.zeros((50, 10), np.int64), found, n_relevant))
    values = np.empty(50)
    soft_ndcg.exact(scores, indptr, hits, n_relevant, soft_ndcg.GAINS, soft_ndcg.IDEAL, values)
    np.testing.assert_allclose(values, expected)


def soft(scores: np.ndarray, parts: tuple[np.ndarray, ...], temperature: float) -> tuple[np.ndarray, np.ndarray]:
    indptr, hits, n_relevant = parts
    values, slopes = np.empty(len(n_relevant)), np.empty(len(scores), np.float32)
    soft_ndcg.soft(scores, indptr, hits, n_relevant, soft_ndcg.IDEAL, temperature, values, slopes)
    return values, slopes


def test_its_slope_is_what_a_small_step_changes() -> None:
    scores, *parts, _ = people(20)
    indptr, hits, n_relevant = parts
    _, slopes = soft(scores, (indptr, hits, n_relevant), 0.5)
    step = np.random.default_rng(1).standard_normal(len(scores)).astype(np.float32) * np.float32(0.01)
    after, _ = soft(scores + step, (indptr, hits, n_relevant), 0.5)
    before, _ = soft(scores - step, (indptr, hits, n_relevant), 0.5)
    assert slopes @ step == pytest.approx((after.sum() - before.sum()) / 2, rel=0.01)


def test_a_hit_on_top_is_worth_nearly_everything() -> None:
    # by hand: rank 1 gives 1 / log2(2) = 1, faded by 1 / (1 + exp((1 - 10.5) / 2)) = 0.991
    parts = (np.array([0, 3]), np.array([True, False, False]), np.array([1]))
    values, _ = soft(np.array([3, 2, 1], np.float32), parts, 0.01)
    assert values[0] == pytest.approx(1 / (1 + np.exp(-9.5 / 2)), rel=1e-4)
