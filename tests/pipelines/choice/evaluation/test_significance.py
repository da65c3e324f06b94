"""Bootstrap intervals where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.choice.evaluation.significance import bootstrap, paired_bootstrap


def test_the_interval_of_a_large_sample_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 4000)
    (found,) = bootstrap(values.reshape(1, -1, 1))
    assert found.value == pytest.approx(values.mean())
    half = 1.96 * values.std() / np.sqrt(4000)
    assert found.low == pytest.approx(values.mean() - half, abs=0.01)
    assert found.high == pytest.approx(values.mean() + half, abs=0.01)
    assert found.n == 4000


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(50.0).reshape(1, -1, 1)
    assert bootstrap(values, seed=3) == bootstrap(values, seed=3)
    assert bootstrap(values, seed=3) != bootstrap(values, seed=4)


def test_who_was_not_measured_does_not_count() -> None:
    values = np.array([[[1.0], [np.nan], [3.0]], [[np.nan]] * 3])
    some, nobody = bootstrap(values)
    assert (some.value, some.n) == (2.0, 2)
    assert np.isnan(nobody.value)
    assert nobody.n == 0


def test_folds_count_alike_however_many_they_measured() -> None:
    values = np.array([[[1.0, 5.0], [3.0, np.nan]]])
    assert bootstrap(values)[0].value == pytest.approx((2.0 + 5.0) / 2)


def test_pairs_see_a_difference_that_separate_intervals_hide() -> None:
    rng = np.random.default_rng(2)
    base = rng.random(400)
    better = base + 0.02 + rng.normal(0, 0.01, 400)
    apart = bootstrap(np.stack([base, better])[:, :, None])
    assert apart[0].high > apart[1].low
    assert paired_bootstrap(better, base).low > 0.018
    assert paired_bootstrap(base, better).high < -0.018


def test_nobody_is_legal() -> None:
    found = paired_bootstrap(np.zeros(0), np.zeros(0))
    assert np.isnan(found.value)
    assert found.n == 0
