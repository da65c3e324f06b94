"""How long EASE takes on 20,000 films × 20M ratings, against the bare LAPACK calls plus the Gram product.

Method: a synthetic long-tail set (film popularity ~ 1 / rank ** 0.8, log-normal activity), one fit, then in the same
process the Gram product alone and potrf + potri alone on a matrix of that size. Reported: seconds of each, the ratio
fit / (Gram + potrf + potri), and the process's peak memory after the fit. Run:

    python -m bench.ease_scale --films 20000 --ratings 20000000
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np
from scipy.linalg import lapack

from pipelines.films.films import Films
from pipelines.models.ease import EaseConfig, EaseModel
from pipelines.models.parts.sampling import latest
from pipelines.models.parts.through_films import gram
from pipelines.people.history import Histories, weigh


def synthetic(n_users: int, n_items: int, n_ratings: int, seed: int = 0) -> Histories:
    """Draw a long-tail set: nobody rates a film twice, every rating has its own second."""
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(1, n_items + 1) ** 0.8
    activity = rng.lognormal(0, 1, n_users)
    keys = np.zeros(0, dtype=np.int64)
    while len(keys) < n_ratings:
        draws = int(1.1 * (n_ratings - len(keys))) + 1000
        users = np.searchsorted(np.cumsum(activity) / activity.sum(), rng.random(draws)).clip(0, n_users - 1)
        items = np.searchsorted(np.cumsum(popularity) / popularity.sum(), rng.random(draws)).clip(0, n_items - 1)
        keys = np.unique(np.concatenate((keys, users * n_items + items)))
    keys = np.sort(rng.choice(keys, n_ratings, replace=False))
    stars = rng.choice(np.array([3, 4, 5], np.float32), n_ratings)
    return Histories.from_columns(keys // n_items, keys % n_items, stars, rng.permutation(n_ratings), n_users)


def main() -> None:
    """Fit, time the parts alone, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=20_000)
    parser.add_argument("--ratings", type=int, default=20_000_000)
    parser.add_argument("--users", type=int, default=130_000)
    given = parser.parse_args()
    histories, films = synthetic(given.users, given.films, given.ratings), Films(np.arange(given.films))

    started = time.perf_counter()
    model = EaseModel(EaseConfig()).fit(histories, films)
    fit_seconds = time.perf_counter() - started
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2

    recent = latest(histories, model.config.max_history)
    user_items = recent.matrix(weigh(recent, model.config.training), len(films))
    started = time.perf_counter()
    matrix = gram(user_items)
    gram_seconds = time.perf_counter() - started
    matrix[np.diag_indices_from(matrix)] += model.config.regularization
    started = time.perf_counter()
    factor, _ = lapack.spotrf(matrix.T, lower=1, overwrite_a=1, clean=0)
    lapack.spotri(factor, lower=1, overwrite_c=1)
    lapack_seconds = time.perf_counter() - started
    figures = {
        "films": given.films,
        "ratings": given.ratings,
        "fit_seconds": round(fit_seconds, 1),
        "gram_seconds": round(gram_seconds, 1),
        "potrf_potri_seconds": round(lapack_seconds, 1),
        "ratio": round(fit_seconds / (gram_seconds + lapack_seconds), 2),
        "peak_gb": round(peak_gb, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
