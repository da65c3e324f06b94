"""One number for a history, equal when and only when the same films have the same ratings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

HASH_BITS = 44
"""The lower bits of a fingerprint; the 20 above them count the ratings."""


def fingerprints(movie_ids: ArrayLike, ratings: ArrayLike, indptr: ArrayLike) -> NDArray[np.uint64]:
    """Return the fingerprint of each history; the order of its ratings does not matter.

    Parameters
    ----------
    movie_ids, ratings : arrays, shape (n_ratings,)
        TMDB ids, and 0.5-5.0 stars, compared to the hundredth of a star.
    indptr : int array, shape (n_histories + 1,)
        History ``u`` is the slice ``indptr[u]:indptr[u + 1]``.

    Returns
    -------
    uint64 array, shape (n_histories,)
        ``count << 44 | hash``; 0 for an empty history.
    """
    films = np.asarray(movie_ids, dtype=np.uint64)
    hundredths = np.rint(np.asarray(ratings, dtype=np.float64) * 100).astype(np.uint64)
    bounds = np.asarray(indptr, dtype=np.int64)
    mixed = _mix(films * np.uint64(1024) + hundredths)
    running = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
    sums = running[bounds[1:]] - running[bounds[:-1]]
    counts = np.diff(bounds).astype(np.uint64)
    found: NDArray[np.uint64] = (counts << np.uint64(HASH_BITS)) | (sums & np.uint64((1 << HASH_BITS) - 1))
    return found


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit numbers: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
