"""How sure a mean is: seeded bootstraps over people.

Efron and Tibshirani, "An Introduction to the Bootstrap", 1993 (percentile intervals). People are drawn, not lists: over
several folds a person is drawn with all of their folds, and the statistic is the mean over folds of the fold's mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipelines.choice.evaluation.metrics import Values

DRAWS = 1000
CELLS = 20_000_000


class Interval(NamedTuple):
    """A mean with its 95 % interval; NaN when nobody was measured.

    ``n`` is the number of people with a value.
    """

    value: float
    low: float
    high: float
    n: int


def bootstrap(values: Values, seed: int = 0, draws: int = DRAWS) -> list[Interval]:
    """Return the interval of each metric's mean.

    Parameters
    ----------
    values : float64 array, shape (n_metrics, n_people, n_folds)
        NaN where a person was not measured.
    """
    n_metrics, n_people, n_folds = values.shape
    flat = np.moveaxis(values, 1, 0).reshape(n_people, n_metrics * n_folds)
    present = ~np.isnan(flat)
    filled = np.where(present, flat, 0.0)
    means = _fold_means(np.ones((1, n_people)), filled, present, n_folds)[0]
    counted = present.reshape(n_people, n_metrics, n_folds).any(axis=2).sum(axis=0)
    rng = np.random.default_rng(seed)
    size = max(1, CELLS // max(1, n_people))
    drawn = [
        _fold_means(_draw(rng, min(size, draws - start), n_people), filled, present, n_folds)
        for start in range(0, draws if n_people else 0, size)
    ]
    low, high = np.full(n_metrics, np.nan), np.full(n_metrics, np.nan)
    if drawn:
        samples = np.concatenate(drawn)
        usable = ~np.isnan(samples).all(axis=0)
        if usable.any():
            low[usable], high[usable] = np.nanpercentile(samples[:, usable], [2.5, 97.5], axis=0)
    return [
        Interval(float(mean), float(below), float(above), int(n))
        for mean, below, above, n in zip(means, low, high, counted, strict=True)
    ]


def paired_bootstrap(first: Values, second: Values, seed: int = 0, draws: int = DRAWS) -> Interval:
    """Return the interval of the mean difference ``first - second`` over the same people.

    Parameters
    ----------
    first, second : float64 arrays, shape (n_people,) or (n_people, n_folds)
        NaN in either leaves that pair out.
    """
    difference = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    columns = difference[:, None] if difference.ndim == 1 else difference
    return bootstrap(columns[None], seed, draws)[0]


def _draw(rng: np.random.Generator, draws: int, n_people: int) -> Values:
    """Count how often each person is drawn, shape (draws, n_people)."""
    counts = np.empty((draws, n_people))
    for row in range(draws):
        counts[row] = np.bincount(rng.integers(0, n_people, n_people), minlength=n_people)
    return counts


def _fold_means(counts: Values, filled: Values, present: np.ndarray, n_folds: int) -> Values:
    """Return the mean over folds of each fold's mean, shape (draws, n_metrics)."""
    weight = counts @ present
    total = counts @ filled
    means = np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0)
    by_fold = means.reshape(len(counts), -1, n_folds)
    measured = ~np.isnan(by_fold)
    n = measured.sum(axis=2)
    summed = np.where(measured, by_fold, 0).sum(axis=2)
    overall: Values = np.divide(summed, n, out=np.full(summed.shape, np.nan), where=n > 0)
    return overall
