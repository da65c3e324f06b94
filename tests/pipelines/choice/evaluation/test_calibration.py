"""What scores promise: read at the same scores that rank lists, and kept to people who were held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines.choice.evaluation.calibration import ask, curve_of
from pipelines.choice.evaluation.split import Fold, make_folds
from pipelines.choice.recipes import make_model
from pipelines.jobs.measure import open_matched
from pipelines.lists.rank import recommend
from pipelines.models.base import Model
from pipelines.settings import Settings
from tests.pipelines.choice.evaluation.test_report import clusters

Listed = dict[tuple[int, int], float]


def listed_scores(model: Model, fold: Fold, k: int) -> Listed:
    """Return the score of every listed film by (row, item_idx)."""
    lists = recommend(model, fold.histories, k)
    owner = np.repeat(np.arange(len(lists)), np.diff(lists.indptr))
    return dict(zip(zip(owner.tolist(), lists.item_idx.tolist(), strict=True), lists.scores.tolist(), strict=True))


@pytest.mark.parametrize("name", ["ease", "als", "content", "hybrid", "popularity"])
def test_they_are_the_scores_that_lists_are_ranked_by(name: str) -> None:
    ratings, films = clusters()
    fold = make_folds("next", ratings)[0]
    model = make_model(name).fit(fold.train, films)
    whole = listed_scores(model, fold, len(films))
    asked = zip(fold.asked.owner.tolist(), fold.asked.item_idx.tolist(), fold.asked.ratings.tolist(), strict=True)
    expected = [(whole[row, item], float(stars >= 4)) for row, item, stars in asked if (row, item) in whole]
    scores, liked = ask(model, fold, 10)[1]
    assert scores == pytest.approx([score for score, _ in expected], rel=1e-4, abs=1e-5)
    assert liked.tolist() == [like for _, like in expected]
    assert expected or name == "content"


@pytest.mark.slow
def test_people_who_were_held_out_like_as_many_as_was_promised(tmp_path: Path, shared_movielens: Path) -> None:
    """The curve is of one fifth of people, the films and likes of another; nobody of either was learned from."""
    path = shared_movielens / "ml-latest-small.zip"
    chosen = open_matched(Settings(data_dir=tmp_path), path, path)
    curves, parts = {}, {}
    for part in ("validation", "test"):
        fold = make_folds("strong", chosen.ratings, part=part, seed=1)[0]
        model = make_model("hybrid").fit(fold.train, chosen.films)
        parts[part] = ask(model, fold, 10)[1]
        curves[part] = curve_of([parts[part]])
        if part == "test":
            listed = listed_scores(model, fold, 10)
            stars = dict(zip(zip(fold.asked.owner.tolist(), fold.asked.item_idx.tolist(), strict=True),
                             fold.asked.ratings.tolist(), strict=True))  # fmt: skip
    scores, liked = parts["test"]
    promised = curves["validation"].at(scores)
    assert abs(promised.mean() - liked.mean()) < 0.05
    for fifth in np.array_split(np.argsort(promised, kind="stable"), 5):
        assert abs(promised[fifth].mean() - liked[fifth].mean()) < 0.1
    both = [key for key in listed if key in stars]
    of_listed = curves["validation"].at(np.array([listed[key] for key in both]))
    share = np.mean([stars[key] >= 4 for key in both])
    assert abs(of_listed.mean() - share) < 0.1, (len(both), of_listed.mean(), share)
