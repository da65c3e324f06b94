"""Stars: SVD learns to predict ratings, and cross-validation tells how far off it is. It ranks nothing."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.choice.evaluation.rating_errors import cross_validate
from pipelines.choice.evaluation.split import Ratings
from pipelines.choice.recipes import make_model, recipe_folders
from pipelines.films.films import Films
from pipelines.models.parts.sampling import sample
from pipelines.models.svd import SvdModel
from pipelines.people.history import Histories
from pipelines.progress import step
from pipelines.runs import Workbench
from pipelines.settings import Settings
from warehouse.store import Release

log = logging.getLogger(__name__)

FACTORS = 32
"""On ml-latest-small the error is 0.877 (100 factors: 0.882), in a third of the room and less of the time."""
LEARNED_RATINGS, ASKED_RATINGS = 1_000_000, 200_000
"""Ratings that are learned from, and that are cross-validated, at most: about a second for 100,000, each time."""
FOLDS = 5
FOLDER = "stars"
"""Its place among the models of a run and of a release."""


@dataclass(frozen=True)
class Stars:
    """What a release predicts ratings with.

    Attributes
    ----------
    arrays : Path
        The folder of SVD's arrays.
    errors : dict
        `RatingErrors` of the cross-validation.
    """

    arrays: Path
    errors: dict[str, Any]


def train_stars(settings: Settings, bench: Workbench, histories: Histories, films: Films) -> None:
    """Leave SVD's arrays and their error on the workbench, unless the settings say no or there are too few ratings."""
    if not settings.training.stars or len(histories.item_idx) < FOLDS:
        return
    step("train stars", 0, None)
    seed = settings.random_state
    model = make_model(SvdModel.name, {"factors": FACTORS}, folders=recipe_folders(settings.folder))
    asked = sample(histories, ASKED_RATINGS, seed, "stars")
    ratings = Ratings(asked.owner, asked.item_idx, asked.ratings, asked.rated_at, len(asked), len(films))
    errors = cross_validate(ratings, films, n_folds=FOLDS, seed=seed, config=model.config)
    model.fit(sample(histories, LEARNED_RATINGS, seed, "stars"), films)
    model.save(bench.model(FOLDER))
    bench.write("stars", asdict(errors))
    log.info(
        "train stars done ratings=%d rmse=%.3f mae=%.3f", errors.n_ratings, errors.fold_in_rmse, errors.fold_in_mae
    )


def stars_of(bench: Workbench, release: Release | None) -> Stars | None:
    """Return what predicts ratings: of this run where it trained, else of the release whose arrays go on ranking."""
    if bench.holds("stars"):
        return Stars(bench.model(FOLDER), bench.read("stars", "train"))
    if release is not None and release.manifest.get("stars"):
        return Stars(release.models / FOLDER, release.manifest["stars"])
    return None
