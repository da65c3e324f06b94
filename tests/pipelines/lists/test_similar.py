"""Similar films: the one pass against cosines and sums written out, and what a blend makes of several."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.films.films import Films
from pipelines.lists.similar import similar_films
from pipelines.models.als import AlsConfig, AlsModel
from pipelines.models.covisitation import CovisitationConfig, CovisitationModel
from pipelines.models.ease import EaseModel
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


def test_ease_counts_both_directions(histories: Histories) -> None:
    model = EaseModel().fit(histories, FILMS)
    dense = np.asarray(model.weights_.toarray(), dtype=np.float64)
    both = (dense + dense.T) / 2
    both[both == 0] = -np.inf
    lists = similar_films(model, [3, 17], 6)
    for row, item in enumerate((3, 17)):
        assert lists.row(row)[0].tolist() == best(both[item].astype(np.float32), item, 6)


def cosine_of_counts(histories: Histories, shrinkage: float) -> np.ndarray:
    """Return the ordered counts of both directions over the roots of both films' ratings, written out."""
    weights = (histories.ratings / 5.0).astype(np.float64)
    counts, ratings = np.zeros((N_ITEMS, N_ITEMS)), np.bincount(histories.item_idx, minlength=N_ITEMS)
    for row in range(len(histories)):
        part = range(histories.indptr[row], histories.indptr[row + 1])
        for early in part:
            for late in part[part.index(early) + 1 :]:
                product = weights[early] * weights[late] / np.sqrt(late - early)
                counts[histories.item_idx[early], histories.item_idx[late]] += 2 * product
                counts[histories.item_idx[late], histories.item_idx[early]] += product
    length = np.sqrt(np.maximum(ratings, 1) + shrinkage)
    shared: np.ndarray = (counts + counts.T) / 2 / np.outer(length, length)
    return shared


def test_covisitation_is_a_cosine_shrunk_for_rare_films(histories: Histories) -> None:
    model = CovisitationModel(CovisitationConfig(shrinkage=7.0)).fit(histories, FILMS)
    expected = cosine_of_counts(histories, 7.0)
    np.testing.assert_allclose(model.likeness().matrix.toarray(), expected, rtol=1e-4)
    lists = similar_films(model, [3, 17], 6)
    for row, item in enumerate((3, 17)):
        assert lists.row(row)[0].tolist() == best(np.where(expected > 0, expected, -np.inf)[item], item, 6)


def test_a_blend_sums_standardised_likeness_and_fame(histories: Histories) -> None:
    members = {"als": AlsConfig(factors=6).model_dump(), "covisitation": {"shrinkage": 7.0}}
    config = HybridConfig(weights={"ease": 1.0}, members=members, alike={"covisitation": 0.7, "als": 0.4}, fame=0.5)
    model = HybridModel(config).fit(histories, FILMS)
    als = model.members["als"]
    assert isinstance(als, AlsModel)
    unit = als.item_factors_ / np.linalg.norm(als.item_factors_, axis=1, keepdims=True).clip(1e-12)
    together, cosine = cosine_of_counts(histories, 7.0), (unit @ unit.T).astype(np.float64)
    fame = np.log1p(np.bincount(histories.item_idx, minlength=N_ITEMS))
    lists = similar_films(model, np.arange(COLD), 4)
    for item in range(COLD):
        total = np.zeros(N_ITEMS)
        # the film nobody rated is no neighbour of any, so only fame is on a scale with it
        for weight, scores, known in ((0.7, together[item], COLD), (0.4, cosine[item], COLD), (0.5, fame, N_ITEMS)):
            others = np.delete(scores[:known], item)
            total[:known] += weight * (scores[:known] - others.mean()) / others.std()
        assert lists.row(item)[0].tolist() == best(total, item, 4)


def test_what_everybody_knows_is_not_what_is_alike() -> None:
    """Two small films of the same kind, each rated by the same few people, who have all seen the one big film."""
    users = [*range(40), *range(6), *range(6), *range(6, 12), *range(6, 12)]
    items = [0] * 40 + [1] * 6 + [2] * 6 + [3] * 6 + [4] * 6
    crowd = Histories.from_columns(users, items, [5] * len(items), np.arange(len(items)), 40)
    genres = [["War"], ["Horror"], ["Horror"], ["Romance"], ["Romance"]]
    films = Films(np.arange(5), pd.DataFrame({"genres": genres}))
    model = HybridModel(HybridConfig(weights={"ease": 1.0})).fit(crowd, films)
    lists = similar_films(model, [1, 2, 3, 4], 1)
    assert lists.item_idx.tolist() == [2, 1, 4, 3]


def test_a_film_nobody_rated_and_a_model_without_likeness_have_no_list(histories: Histories) -> None:
    assert len(similar_films(AlsModel(AlsConfig(factors=6)).fit(histories, FILMS), [COLD], 5).item_idx) == 0
    assert len(similar_films(PopularityModel().fit(histories, FILMS), [0, 1], 5)) == 2
    assert len(similar_films(PopularityModel().fit(histories, FILMS), [0, 1], 5).item_idx) == 0
