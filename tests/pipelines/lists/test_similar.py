"""Similar films: the one pass against cosines and sums written out, and what a blend makes of several."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.films.films import Films
from pipelines.lists.similar import similar_films
from pipelines.models.als import AlsConfig, AlsModel
from pipelines.models.covisitation import CovisitationModel
from pipelines.models.ease import EaseConfig, EaseModel
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories

N_ITEMS = 30
COLD = 29


@pytest.fixture(scope="module")
def histories() -> Histories:
    """Eighty people, of whom nobody rated the last film."""
    rng = np.random.default_rng(11)
    users, items = np.nonzero(rng.random((80, COLD)) < 0.25)
    return Histories.from_columns(
        users, items, rng.choice([3.0, 4.0, 5.0], len(users)), rng.permutation(len(users)), 80
    )


FILMS = Films(np.arange(N_ITEMS) * 7)


def best(scores: np.ndarray, item: int, k: int) -> list[int]:
    """Return the k highest finite scores' films, the film itself left out, lowest id among equals."""
    order = [
        other for other in np.lexsort((np.arange(len(scores)), -scores)) if other != item and np.isfinite(scores[other])
    ]
    return [int(other) for other in order[:k]]


def test_factor_models_rank_by_cosine(histories: Histories) -> None:
    model = AlsModel(AlsConfig(factors=6)).fit(histories, FILMS)
    unit = model.item_factors_.astype(np.float64)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    cosines = unit @ unit.T
    cosines[:, COLD] = -np.inf
    lists = similar_films(model, np.arange(N_ITEMS), 5)
    for item in range(COLD):
        assert lists.row(item)[0].tolist() == best(cosines[item], item, 5)
        np.testing.assert_allclose(lists.row(item)[1], np.sort(np.delete(cosines[item], item))[::-1][:5], rtol=1e-4)


@pytest.mark.parametrize("kind", [CovisitationModel, EaseModel])
def test_film_by_film_models_count_both_directions(
    kind: type[CovisitationModel] | type[EaseModel], histories: Histories
) -> None:
    model = kind().fit(histories, FILMS)
    learned = model.counts_ if isinstance(model, CovisitationModel) else model.weights_
    dense = np.asarray(learned.toarray(), dtype=np.float64)
    both = (dense + dense.T) / 2
    both[both == 0] = -np.inf
    lists = similar_films(model, [3, 17], 6)
    for row, item in enumerate((3, 17)):
        assert lists.row(row)[0].tolist() == best(both[item].astype(np.float32), item, 6)


def test_a_blend_sums_standardised_likeness(histories: Histories) -> None:
    members = {"ease": EaseConfig().model_dump(), "als": AlsConfig(factors=6).model_dump()}
    model = HybridModel(HybridConfig(weights={"ease": 0.7, "als": 0.4, "popularity": 0.5}, members=members))
    model.fit(histories, FILMS)
    ease, als = model.members["ease"], model.members["als"]
    assert isinstance(ease, EaseModel)
    assert isinstance(als, AlsModel)
    weights = np.asarray(ease.weights_.toarray(), dtype=np.float64)
    unit = als.item_factors_ / np.linalg.norm(als.item_factors_, axis=1, keepdims=True).clip(1e-12)
    total = np.zeros((N_ITEMS, N_ITEMS))
    for weight, scores in ((0.7, (weights + weights.T) / 2), (0.4, (unit @ unit.T).astype(np.float64))):
        for item in range(COLD):
            others = np.delete(scores[item, :COLD], item)
            total[item] += weight * (scores[item] - others.mean()) / others.std()
    total[:, COLD] = -np.inf
    lists = similar_films(model, np.arange(COLD), 4)
    for item in range(COLD):
        assert lists.row(item)[0].tolist() == best(total[item], item, 4)


def test_a_film_nobody_rated_and_a_model_without_likeness_have_no_list(histories: Histories) -> None:
    assert len(similar_films(AlsModel(AlsConfig(factors=6)).fit(histories, FILMS), [COLD], 5).item_idx) == 0
    assert len(similar_films(PopularityModel().fit(histories, FILMS), [0, 1], 5)) == 2
    assert len(similar_films(PopularityModel().fit(histories, FILMS), [0, 1], 5).item_idx) == 0
