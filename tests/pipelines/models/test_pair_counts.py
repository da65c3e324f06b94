"""Counting pairs film by film: against a plain loop over people, whichever entries are cut off."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.models.parts import pair_counts
from pipelines.models.parts.pair_counts import count_pairs
from pipelines.people.history import FloatArray, Histories

N_ITEMS = 23
NEAR = np.array([1.0, 0.5, 0.25])


def made_up(n_users: int, seed: int) -> Histories:
    """Return histories of 0 to 12 ratings in which many share a second."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 13, n_users)
    users = np.repeat(np.arange(n_users), lengths)
    items = np.concatenate([rng.choice(N_ITEMS, n, replace=False) for n in lengths])
    return Histories.from_columns(users, items, np.full(len(users), 4.0), rng.integers(0, 9, len(users)), n_users)


def by_loops(histories: Histories, weights: FloatArray, forward: float) -> np.ndarray:
    """Add up every pair as the docstring of `count_pairs` says, person by person."""
    total = np.zeros((N_ITEMS, N_ITEMS))
    for user in range(len(histories)):
        rows = range(histories.indptr[user], histories.indptr[user + 1])
        for first in rows:
            for second in rows:
                distance = second - first
                if not 1 <= distance <= len(NEAR):
                    continue
                value = NEAR[distance - 1] * float(weights[first]) * float(weights[second])
                tied = histories.rated_at[first] == histories.rated_at[second]
                earlier, later = histories.item_idx[first], histories.item_idx[second]
                total[earlier, later] += value * ((forward + 1) / 2 if tied else forward)
                total[later, earlier] += value * ((forward + 1) / 2 if tied else 1)
    return total


@pytest.mark.parametrize("forward", [0.0, 1.0, 3.5])
def test_counts_are_those_of_a_plain_loop(forward: float) -> None:
    histories = made_up(80, seed=5)
    weights = np.random.default_rng(1).choice(np.array([0, 0.2, 0.6, 1], np.float32), len(histories.item_idx))
    rows, columns = np.linspace(0.5, 1.5, N_ITEMS), np.linspace(2, 1, N_ITEMS)
    counts = count_pairs(
        histories, weights, near=NEAR, forward=forward, row_scale=rows, column_scale=columns, keep=N_ITEMS
    )
    expected = by_loops(histories, weights, forward) * rows[:, None] * columns
    np.testing.assert_allclose(counts.toarray(), expected, rtol=1e-6)
    assert counts.nnz == np.count_nonzero(expected)
    assert counts.has_sorted_indices


@pytest.mark.parametrize("keep", [1, 2, 5, 12])
def test_the_largest_entries_are_kept_and_among_equals_the_lowest_columns(keep: int) -> None:
    histories = made_up(60, seed=8)
    weights = np.ones(len(histories.item_idx), np.float32)  # whole and half numbers: many are equal
    ones = np.ones(N_ITEMS)
    counts = count_pairs(histories, weights, near=NEAR, forward=1.0, row_scale=ones, column_scale=ones, keep=keep)
    for item, row in enumerate(by_loops(histories, weights, 1.0)):
        best = [column for column in np.lexsort((np.arange(N_ITEMS), -row))[:keep] if row[column] > 0]
        assert counts[item].indices.tolist() == sorted(best)
        np.testing.assert_array_equal(counts[item].data, row[sorted(best)])


def test_counts_do_not_depend_on_how_the_films_are_dealt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    histories = made_up(200, seed=2)
    weights = np.random.default_rng(4).random(len(histories.item_idx), dtype=np.float32)
    ones = np.ones(N_ITEMS)

    def count() -> np.ndarray:
        found = count_pairs(histories, weights, near=NEAR, forward=2.0, row_scale=ones, column_scale=ones, keep=4)
        return np.asarray(found.toarray())

    whole = count()
    monkeypatch.setattr(pair_counts, "BLOCKS", 3)
    np.testing.assert_array_equal(count(), whole)


def test_people_without_ratings_have_no_pairs() -> None:
    nobody = Histories.from_columns([], [], [], [], 4)
    ones = np.ones(N_ITEMS)
    counts = count_pairs(
        nobody, np.zeros(0, np.float32), near=NEAR, forward=2.0, row_scale=ones, column_scale=ones, keep=4
    )
    assert counts.shape == (N_ITEMS, N_ITEMS)
    assert counts.nnz == 0
