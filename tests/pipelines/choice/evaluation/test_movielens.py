"""The figures that this project promises, on the real sets; slow, and skipped where the sets are not at hand."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from pipelines.choice.evaluation import metrics
from pipelines.choice.evaluation.rating_errors import cross_validate
from pipelines.choice.evaluation.report import Evaluation, evaluate, shuffled
from pipelines.choice.evaluation.split import Ratings, make_folds
from pipelines.choice.recipes import make_model
from pipelines.films.films import Films
from pipelines.jobs.measure import open_movielens
from pipelines.lists.rank import recommend
from pipelines.settings import Settings

FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data" / "movielens"
MEMBERS = ["popularity", "content", "als", "ease", "covisitation"]

pytestmark = pytest.mark.slow


def read(name: str) -> tuple[Ratings, Films]:
    """Read a set as `playbill evaluate --movielens` does."""
    path = FOLDER / f"{name}.zip"
    if not path.exists():
        pytest.skip(f"{name}.zip is not in ../shared/data/movielens")
    found = open_movielens(Settings(), path)
    return found.ratings, found.films


@pytest.fixture(scope="module")
def small() -> tuple[Ratings, Films]:
    return read("ml-latest-small")


@pytest.fixture(scope="module")
def hundred() -> tuple[Ratings, Films]:
    return read("ml-100k")


def measure(data: tuple[Ratings, Films], protocol: str, names: list[str]) -> Evaluation:
    makers = {name: functools.partial(make_model, name, protocol=protocol) for name in names}
    return evaluate(makers, *data, protocol)


def test_stratified(hundred: tuple[Ratings, Films]) -> None:
    told = measure(hundred, "stratified", [*MEMBERS, "hybrid"]).to_json()["models"]
    assert told["als"]["ndcg@10"] >= 0.463
    assert told["ease"]["ndcg@10"] >= 0.478
    assert told["hybrid"]["ndcg@10"] >= 0.487
    assert told["popularity"]["ndcg@10"] == pytest.approx(0.25, abs=0.01)


def test_next(small: tuple[Ratings, Films]) -> None:
    evaluation = measure(small, "next", [*MEMBERS, "hybrid"])
    told = {name: figures["ndcg@10"] for name, figures in evaluation.to_json()["models"].items()}
    assert told["hybrid"] >= 0.112
    assert all(told["hybrid"] > told[name] for name in MEMBERS)
    assert evaluation.compare("hybrid", "popularity").low > 0


def test_last_out(small: tuple[Ratings, Films]) -> None:
    told = measure(small, "last-out", ["als", "hybrid"]).to_json()["models"]
    assert told["hybrid"]["n"] == 608
    assert told["hybrid"]["recall@10"] >= 0.120
    assert told["als"]["recall@10"] >= 0.095


def test_svds_rating_errors(hundred: tuple[Ratings, Films]) -> None:
    found = cross_validate(*hundred, n_folds=5)
    assert found.rmse == pytest.approx(0.934, abs=0.005)
    assert found.fold_in_rmse == pytest.approx(found.rmse, abs=0.01)


def test_shuffled_labels_fall_to_popularity(small: tuple[Ratings, Films]) -> None:
    ratings, films = small
    (fold,) = make_folds("next", ratings)
    mixed = shuffled(fold)
    figures = {}
    for name in ("popularity", "covisitation", "als"):
        model = make_model(name).fit(fold.train, films)
        top = metrics.lay_out(recommend(model, fold.histories, 10), 10)
        ranked = metrics.find_hits(top, mixed.relevant_indptr, mixed.relevant_idx, len(films))
        figures[name] = float(metrics.ndcg(ranked).mean())
    assert figures["covisitation"] < figures["popularity"]
    assert figures["als"] < figures["popularity"]
