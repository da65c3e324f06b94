"""What a score promises: the chance that somebody likes a film, between 0 and 1, read off ratings that were held out.

A model's score ranks one person's films and has no unit. `fit` looks at held-out ratings, at what the model said of
those films and at how many were liked, and returns a curve that never falls: isotonic regression (Barlow et al.,
"Statistical Inference under Order Restrictions", 1972; for probabilities Zadrozny and Elkan, KDD 2002), over bins
rather than single ratings, each pulled towards the mean, so that a few lucky ratings at an end promise nothing. What
nobody ranks by a model, such as films like another, has the films' own share of likes (`own_chances`), smoothed down
the list (`pooled`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.people.history import FloatArray, IntArray

LIKED_FROM = 4.0
"""Stars from which a rating is a like."""
BINS = 50
BIN_RATINGS = 100
"""Held-out ratings of a bin, at least, where there are enough for several."""
PULL = 20.0
"""Ratings of the mean share that are added to each bin, and to each film's own."""

Values = NDArray[np.float64]
Numbers = NDArray[np.floating[Any] | np.integer[Any]]


@dataclass(frozen=True)
class Curve:
    """The chance at each score: straight between points, level beyond the ends.

    Attributes
    ----------
    scores : float64 array, shape (n_points,)
        Ascending.
    chances : float64 array, shape (n_points,)
        0-1, never falling.
    ratings : int64 array, shape (n_points,)
        Ratings behind each point.
    """

    scores: Values
    chances: Values
    ratings: IntArray

    def at(self, scores: Numbers) -> FloatArray:
        """Return the chance at each score, float32."""
        return np.interp(scores, self.scores, self.chances).astype(np.float32)


def fit(scores: Numbers, liked: Numbers, weights: Numbers | None = None) -> Curve:
    """Return the curve of ratings of which a model gave each film a score.

    Parameters
    ----------
    scores : float array, shape (n,)
        Finite.
    liked : float array, shape (n,)
        1 for a like and 0 for none; with ``weights``, the share of likes.
    weights : float array, shape (n,), optional
        Ratings behind each entry; 1 by default.
    """
    counts = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=np.float64)
    kept = counts > 0
    x, y, counts = np.asarray(scores, np.float64)[kept], np.asarray(liked, np.float64)[kept], counts[kept]
    if len(x) == 0:
        return Curve(np.zeros(1), np.full(1, 0.5), np.zeros(1, dtype=np.int64))
    order = np.argsort(x, kind="stable")
    x, y, counts = x[order], y[order], counts[order]
    total = counts.sum()
    n_bins = max(1, min(BINS, int(total // BIN_RATINGS)))
    bin_of = np.minimum(((np.cumsum(counts) - counts / 2) / total * n_bins).astype(np.int64), n_bins - 1)
    # equal scores stand together: their chance is one
    bin_of = bin_of[np.searchsorted(x, x, side="left")]
    _, bin_of = np.unique(bin_of, return_inverse=True)
    rated = np.bincount(bin_of, weights=counts)
    likes = np.bincount(bin_of, weights=counts * y)
    centres = np.bincount(bin_of, weights=counts * x) / rated
    mean = likes.sum() / rated.sum()
    chances = pooled((likes + PULL * mean) / (rated + PULL), rated, rising=True)
    return Curve(centres, chances, np.round(rated).astype(np.int64))


def pooled(values: Numbers, weights: Numbers | None = None, *, rising: bool = False) -> Values:
    """Return the closest sequence that never rises, or never falls: neighbours out of order share their mean."""
    counts = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    sign = 1.0 if rising else -1.0
    means: list[float] = []
    sizes: list[float] = []
    lengths: list[int] = []
    for value, count in zip((sign * np.asarray(values, np.float64)).tolist(), counts.tolist(), strict=True):
        means.append(value)
        sizes.append(count)
        lengths.append(1)
        while len(means) > 1 and means[-2] >= means[-1]:
            size = sizes[-2] + sizes[-1]
            means[-2:] = [(means[-2] * sizes[-2] + means[-1] * sizes[-1]) / size]
            sizes[-2:] = [size]
            lengths[-2:] = [lengths[-2] + lengths[-1]]
    result: Values = sign * np.repeat(means, lengths)
    return result


def own_chances(likes: IntArray, ratings: IntArray) -> FloatArray:
    """Return each film's own share of likes, pulled towards that of all ratings where it has few, float32."""
    total = ratings.sum()
    mean = likes.sum() / total if total else 0.5
    return ((likes + PULL * mean) / (ratings + PULL)).astype(np.float32)
