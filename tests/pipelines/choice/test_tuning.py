"""Tuning sees validation folds only, begins with what is in use, goes on where it stopped, and writes a recipe."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.choice import tuning
from pipelines.choice.evaluation.split import Fold, Ratings, make_folds
from pipelines.choice.recipes import make_model, to_toml
from pipelines.choice.tuning import score_model, tune
from pipelines.films.films import Films
from warehouse.errors import NotEnoughDataError, UnknownModelError


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """Ninety people in three circles, each with 15 films of its own of which everybody rated ten."""
    rng = np.random.default_rng(0)
    rows = [
        (user, 15 * (user % 3) + film, at) for user in range(90) for at, film in enumerate(rng.permutation(15)[:10])
    ]
    users, items, times = (np.array(column) for column in zip(*rows, strict=True))
    return Ratings(users, items.astype(np.int32), np.full(len(rows), 4.5, np.float32), times, 90, 45)


@pytest.fixture(scope="module")
def films() -> Films:
    return Films(np.arange(45), pd.DataFrame({"genres": [["A"], ["B"], ["C"]] * 15}))


def test_the_answer_is_never_worse_than_the_start(ratings: Ratings, films: Films) -> None:
    lines: list[str] = []
    found = tune("popularity", ratings, films, trials=4, progress=lines.append)
    (fold,) = make_folds("next", ratings, "validation")
    assert found.start == pytest.approx(score_model(make_model("popularity"), films, [fold]))
    assert found.value >= found.start
    assert found.trials == len(lines) == 4
    assert found.metric == "ndcg@10"
    best = make_model("popularity", found.recipe)
    assert score_model(best, films, [fold]) == pytest.approx(found.value)


def test_only_validation_folds_are_asked_for(ratings: Ratings, films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def spy(protocol: str, ratings: Ratings, part: str = "test", seed: int = 0) -> list[Fold]:
        asked.append(part)
        return make_folds(protocol, ratings, part, seed)

    monkeypatch.setattr(tuning, "make_folds", spy)
    tune("popularity", ratings, films, "last-out", trials=1)
    assert asked == ["validation"]


def test_the_same_seed_finds_the_same(ratings: Ratings, films: Films) -> None:
    assert tune("popularity", ratings, films, trials=3) == tune("popularity", ratings, films, trials=3)


def test_a_search_goes_on_where_it_stopped(ratings: Ratings, films: Films, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'tuning.db'}"
    lines: list[str] = []
    tune("popularity", ratings, films, trials=2, storage=storage)
    found = tune("popularity", ratings, films, trials=5, storage=storage, progress=lines.append)
    assert found.trials == 5
    assert len(lines) == 3


def test_the_hybrids_weights_are_measured_as_the_hybrid_is(ratings: Ratings, films: Films) -> None:
    base = {"weights": {"ease": 1.0, "popularity": 0.5}}
    found = tune("hybrid", ratings, films, trials=5, base={**base, "cold_every": 0})
    folds = make_folds("next", ratings, "validation")
    assert set(found.recipe["weights"]) >= {"ease", "popularity"}
    fitted = make_model("hybrid", found.recipe)
    assert score_model(fitted, films, folds) == pytest.approx(found.value, abs=1e-6)


def test_a_recipe_can_be_written_and_read_back(ratings: Ratings, films: Films, tmp_path: Path) -> None:
    found = tune("ease", ratings, films, trials=2, base={"history": {"decay": 0.9}})
    text = to_toml(found.recipe, f"{found.metric} {found.value:.4f}\nafter {found.trials} trials")
    assert text.startswith("# ndcg@10 ")
    (tmp_path / "ease.toml").write_text(text)
    assert (
        make_model("ease", folders=(tmp_path,)).config
        == make_model("ease", tomllib.loads(text), folders=(tmp_path,)).config
    )


def test_what_cannot_be_tuned_is_named(ratings: Ratings, films: Films) -> None:
    with pytest.raises(UnknownModelError, match="'svd' has nothing to tune"):
        tune("svd", ratings, films)
    one = np.zeros(1, dtype=np.int64)
    lonely = Ratings(one, one.astype(np.int32), np.ones(1, np.float32), one, 1, 45)
    with pytest.raises(NotEnoughDataError, match="nobody can be validated"):
        tune("popularity", lonely, films)
