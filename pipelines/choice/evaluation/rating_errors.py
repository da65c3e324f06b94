"""Rating errors: RMSE and MAE of SVD by cross-validation, trained users and folded-in ones side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.choice.evaluation.split import Ratings
from pipelines.films.films import Films
from pipelines.models.svd import STARS, SvdConfig, SvdModel, train_surprise
from pipelines.people.history import Histories
from warehouse.errors import NotEnoughDataError

MAX_RATINGS = 1_000_000
"""Above this a cross-validation is not worth its minutes."""


@dataclass(frozen=True)
class RatingErrors:
    """Mean errors over the folds, in stars.

    Attributes
    ----------
    rmse, mae : float
        Of Surprise's own estimate, with the user's trained bias and factor.
    fold_in_rmse, fold_in_mae : float
        Of the same fits with the user's side solved from the history, which is what is served.
    """

    rmse: float
    mae: float
    fold_in_rmse: float
    fold_in_mae: float
    n_folds: int
    n_ratings: int


def cross_validate(
    ratings: Ratings,
    films: Films,
    *,
    n_folds: int = 5,
    seed: int = 0,
    config: SvdConfig | None = None,
    progress: Callable[[str], None] | None = None,
) -> RatingErrors:
    """Measure SVD on random folds of the ratings, every rating predicted once.

    Raises
    ------
    NotEnoughDataError
        If there are fewer ratings than folds, or more than a million.
    """
    n_ratings = len(ratings)
    if not n_folds <= n_ratings <= MAX_RATINGS:
        raise NotEnoughDataError(f"svd: cross-validation takes {n_folds} to {MAX_RATINGS} ratings, not {n_ratings}")
    chosen = config or SvdConfig()
    fold_of = np.random.default_rng(seed).permutation(np.arange(n_ratings) % n_folds)
    errors = []
    for fold in range(n_folds):
        if progress is not None:
            progress(f"svd: rating errors, fold {fold + 1} of {n_folds}")
        train, asked = ratings.histories(fold_of != fold), ratings.histories(fold_of == fold)
        trained = train_surprise(train, len(films), chosen)
        model = SvdModel(chosen).take_over(trained, train, films)
        folded = model.predict_ratings(train, asked).astype(np.float64) - asked.ratings
        errors.append([*_errors(_estimates(trained, train, asked) - asked.ratings), *_errors(folded)])
    rmse, mae, fold_in_rmse, fold_in_mae = np.mean(errors, axis=0).tolist()
    return RatingErrors(rmse, mae, fold_in_rmse, fold_in_mae, n_folds, n_ratings)


def _estimates(trained: object, train: Histories, asked: Histories) -> np.ndarray:
    """Return what ``surprise.SVD.estimate`` says of each rating, in one product; unknown sides count 0."""
    bu, bi, pu, qi = (np.asarray(getattr(trained, name)) for name in ("bu", "bi", "pu", "qi"))
    users, items = asked.owner, asked.item_idx
    known_user = (train.lengths > 0)[users]
    known_item = (np.bincount(train.item_idx, minlength=len(bi)) > 0)[items]
    mean = train.ratings.mean(dtype=np.float64)
    both = known_user & known_item
    product = np.einsum("rf,rf->r", pu[users], qi[items])
    stars = mean + known_user * bu[users] + known_item * bi[items] + both * product
    return np.asarray(np.clip(stars, *STARS), dtype=np.float64)


def _errors(error: np.ndarray) -> tuple[float, float]:
    return float(np.sqrt(np.mean(error**2))), float(np.mean(np.abs(error)))
