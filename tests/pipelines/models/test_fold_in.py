"""Fold-in: the textbook's solution, in memory that does not grow with people times factors squared."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from pipelines.blend.one_pass import OnePass
from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.models.bpr import BprConfig, BprModel
from pipelines.models.parts.fold_in import FoldIn
from pipelines.models.svd import SvdConfig, SvdModel
from pipelines.people.history import Histories
from warehouse.errors import ModelError

N_PEOPLE, N_ITEMS, FACTORS = 4_000, 300, 128


def everybody() -> Histories:
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(N_PEOPLE), 10)
    items = (rng.integers(0, N_ITEMS, N_PEOPLE)[:, None] + np.arange(10) * 7).ravel() % N_ITEMS
    return Histories.from_columns(users, items, np.full(len(users), 4.0), np.tile(np.arange(10), N_PEOPLE), N_PEOPLE)


def test_solutions_are_the_textbooks() -> None:
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(9, 4)).astype(np.float32)
    bounds, items = np.array([0, 3, 3, 8]), np.array([0, 4, 8, 1, 2, 3, 4, 5], dtype=np.int32)
    curvature, target = rng.random(8), rng.random(8)
    fold = FoldIn(factors, 2.0 * np.eye(4), bounds, items, curvature, target)
    wide = factors.astype(np.float64)
    for row, (low, high) in enumerate(pairwise(bounds)):
        own = wide[items[low:high]]
        system = 2.0 * np.eye(4) + own.T @ np.diag(curvature[low:high]) @ own
        expected = np.linalg.solve(system, own.T @ target[low:high])
        np.testing.assert_allclose(fold.solve()[row], expected, rtol=1e-6, atol=1e-12)
        listed = np.array([6, 7], dtype=np.int32)
        np.testing.assert_allclose(fold.contributions(row, listed).sum(axis=1), wide[listed] @ expected, atol=1e-6)


def test_a_system_that_cannot_be_solved_says_what_to_do() -> None:
    fold = FoldIn(
        np.ones((1, 1), np.float32), -np.eye(1), np.array([0, 1]), np.zeros(1, np.int32), np.zeros(1), np.ones(1)
    )
    with pytest.raises(ModelError, match="raise the model's regularization"):
        fold.solve()


def test_memory_does_not_grow_with_people_times_factors_squared() -> None:
    histories = everybody()
    model = BprModel(BprConfig(factors=FACTORS, iterations=1)).fit(histories, Films(np.arange(N_ITEMS)))
    recommend(model, histories.take([0, 1]), 10)
    tracemalloc.start()
    for batch in OnePass(model).batches(histories):  # as each thread of `recommend` does
        batch.best(10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    systems = N_PEOPLE * FACTORS**2 * 8  # 524 MB, and twice that while they are solved
    assert peak < systems / 20


def test_stars_are_predicted_a_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = everybody()
    model = SvdModel(SvdConfig(factors=5, epochs=1)).fit(histories, Films(np.arange(N_ITEMS)))
    few = histories.take(np.arange(50))
    whole = model.predict_ratings(few, few)
    monkeypatch.setattr("pipelines.models.svd.PREDICTED_AT_ONCE", 7)
    np.testing.assert_array_equal(model.predict_ratings(few, few), whole)
