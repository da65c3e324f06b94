"""What people would notice: praise moves neighbours up, dislike does not, live is batch, old tastes fade."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from pipelines.blend.catalogue import MODELS
from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.models.base import Model
from pipelines.people.history import Histories

N_ITEMS = 30
SMALL: dict[str, dict[str, object]] = {
    "als": {"factors": 6},
    "bpr": {"factors": 6, "iterations": 200},
    "svd": {"factors": 6, "epochs": 60},
    "hybrid": {"members": {"als": {"factors": 6}}},
}
PERSONAL = [name for name, kind in MODELS.items() if kind.personal]


def crowd() -> tuple[Histories, Films]:
    """Sixty lovers of horror (films 0-14), sixty of romance (15-29); each dislikes two films of the others."""
    rng = np.random.default_rng(8)
    rows = []
    for user in range(120):
        own, other = (0, 15) if user % 2 == 0 else (15, 0)
        liked = own + rng.permutation(15)[:8]
        disliked = other + rng.permutation(15)[:2]
        rated = [*((film, 4.5) for film in liked), *((film, 1.0) for film in disliked)]
        rows += [(user, film, stars, at) for at, (film, stars) in enumerate(rated)]
    users, items, stars, times = zip(*rows, strict=True)
    genres = [["horror"]] * 15 + [["romance"]] * 15
    tags = [
        [["dark"], ["blood"], ["night"]][film % 3] if film < 15 else [["paris"], ["love"]][film % 2]
        for film in range(30)
    ]
    films = Films(np.arange(N_ITEMS) + 1000, pd.DataFrame({"genres": genres, "tags": tags}))
    return Histories.from_columns(users, items, stars, times, 120), films


@pytest.fixture(scope="module")
def fitted() -> Iterator[dict[str, Model]]:
    histories, films = crowd()
    yield {
        name: kind(kind.config_class.model_validate(SMALL.get(name, {}))).fit(histories, films)
        for name, kind in MODELS.items()
    }


def ranks(model: Model, history: Histories) -> np.ndarray:
    """Return the place of every film in the whole list, those not listed last."""
    place = np.full(N_ITEMS, N_ITEMS)
    items = recommend(model, history, N_ITEMS).item_idx
    place[items] = np.arange(len(items))
    return place


def test_what_somebody_loves_brings_its_like(fitted: dict[str, Model]) -> None:
    for name in PERSONAL:
        top = recommend(fitted[name], Histories.single([0, 1, 2], [5, 5, 5], [1, 2, 3]), 5).item_idx
        assert (top < 15).mean() >= 0.8, name


def test_five_stars_move_the_neighbours_up(fitted: dict[str, Model]) -> None:
    before = Histories.single([20, 21, 2], [5, 5, 4], [1, 2, 3])
    after = Histories.single([20, 21, 2, 5, 6, 7], [5, 5, 4, 5, 5, 5], [1, 2, 3, 4, 5, 6])
    horror = np.setdiff1d(np.arange(15), [2, 5, 6, 7])
    for name in PERSONAL:
        gain = ranks(fitted[name], before)[horror].mean() - ranks(fitted[name], after)[horror].mean()
        assert gain > 1, name


def preference(model: Model, history: Histories) -> float:
    """Return how much better unseen horror scores than unseen romance."""
    scores = model.score(history)[0]
    return float(scores[8:15].mean() - scores[23:30].mean())


@pytest.mark.parametrize("name", ["content", "als", "covisitation"])
def test_one_star_says_less_for_its_like_than_five(name: str, fitted: dict[str, Model]) -> None:
    told = [
        preference(fitted[name], Histories.single([20, 21, 5, 6], [5, 5, stars, stars], [1, 2, 3, 4]))
        for stars in (1.0, 5.0)
    ]
    assert told[0] < told[1]


def test_one_star_speaks_against_its_like_where_stars_are_predicted(fitted: dict[str, Model]) -> None:
    before = Histories.single([20, 21], [5, 5], [1, 2])
    after = Histories.single([20, 21, 5, 6, 7], [5, 5, 1, 1, 1], [1, 2, 3, 4, 5])
    assert preference(fitted["svd"], after) < preference(fitted["svd"], before)


def test_recent_films_weigh_more_where_order_matters(fitted: dict[str, Model]) -> None:
    model = fitted["covisitation"]
    films = [0, 1, 2, 20, 21, 22]
    horror_last = Histories.single(films, [5] * 6, [4, 5, 6, 1, 2, 3])
    romance_last = Histories.single(films, [5] * 6, [1, 2, 3, 4, 5, 6])
    horror = np.setdiff1d(np.arange(15), films)
    assert ranks(model, horror_last)[horror].mean() < ranks(model, romance_last)[horror].mean()


@pytest.mark.parametrize("name", sorted(MODELS))
def test_live_is_batch(name: str, fitted: dict[str, Model]) -> None:
    histories, _ = crowd()
    batch = recommend(fitted[name], histories, 20)
    same = []
    for row in range(len(histories)):
        live = set(recommend(fitted[name], histories.take([row]), 20).item_idx)
        stored = set(batch.row(row)[0])
        same.append(len(live & stored) / max(1, len(stored)))
    assert min(same) >= 0.95
    assert np.mean(same) >= 0.99


def test_the_order_rows_arrive_in_does_not_matter(fitted: dict[str, Model]) -> None:
    forward = Histories.single([0, 3, 20], [5, 4, 3], [1, 2, 3])
    shuffled = Histories.single([20, 0, 3], [3, 5, 4], [3, 1, 2])
    for name, model in fitted.items():
        np.testing.assert_array_equal(model.score(forward), model.score(shuffled), err_msg=name)
