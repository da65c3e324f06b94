"""The hybrid: standardised sums, who spoke, slots for cold films."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.blend.hybrid import HybridConfig, HybridModel, standardise
from pipelines.blend.slots import give_slots
from pipelines.films.films import Films
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import Histories

COLD = 6


def hybrid(cold_every: int = 0, **weights: float) -> HybridModel:
    members = {"als": {"factors": 3}} if "als" in weights else {}
    return HybridModel(HybridConfig(weights=weights, members=members, cold_every=cold_every))


def test_standardising_by_hand() -> None:
    inf = np.inf
    scores = np.array([[1, 3, -inf, 5], [2, 2, 2, 2], [-inf] * 4], dtype=np.float32)
    standard, deviation = standardise(scores)
    spread = np.sqrt(8 / 3)
    np.testing.assert_allclose(standard, [[-2 / spread, 0, -2 / spread, 2 / spread], [0] * 4, [0] * 4], rtol=1e-6)
    np.testing.assert_allclose(deviation, [spread, 0, 0], rtol=1e-6)


def test_what_was_seen_does_not_set_the_scale() -> None:
    scores = np.array([[1, 3, 9, -np.inf]], dtype=np.float32)
    standard, deviation = standardise(scores, Histories.single([2], [5.0], [1]))
    np.testing.assert_allclose(standard, [[-1, 1, 7, -1]], rtol=1e-6)
    np.testing.assert_allclose(deviation, [1], rtol=1e-6)


def test_scores_are_the_weighted_sum(histories: Histories, films: Films) -> None:
    model = hybrid(ease=0.75, covisitation=0.25).fit(histories, films)
    history = histories.take([0])
    parts = {name: standardise(member.score(history), history)[0][0] for name, member in model.members.items()}
    scores = model.score(history)[0]
    told = np.isfinite(scores)
    assert told.any()
    np.testing.assert_allclose(scores[told], (0.75 * parts["ease"] + 0.25 * parts["covisitation"])[told], rtol=1e-5)


def test_a_weight_of_zero_leaves_a_member_out() -> None:
    assert set(hybrid(ease=1.0, svd=0.0).members) == {"ease"}


@pytest.mark.parametrize("weights", [{"ease": -1.0}, {"ease": 0.0}, {}, {"eaze": 1.0}])
def test_unusable_weights_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        HybridConfig(weights=weights)


def test_a_members_mistyped_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="lamda"):
        HybridConfig(members={"ease": {"lamda": 3}})


def test_cold_films_enter_through_content(histories: Histories, films: Films) -> None:
    with_content = hybrid(ease=1.0, content=0.5).fit(histories, films)
    assert np.isfinite(with_content.score(histories.take([0]))[0, COLD])
    without = hybrid(ease=1.0).fit(histories, films)
    assert np.isneginf(without.score(histories.take([0]))[0, COLD])


def test_popularity_alone_does_not_make_a_list_personal(histories: Histories, films: Films) -> None:
    model = hybrid(ease=1.0, popularity=1.0).fit(histories, films)
    assert np.isneginf(model.score(Histories.single([], [], []))).all()


def test_sources_name_whose_word_counts_most(histories: Histories, films: Films) -> None:
    cases = {
        "content_based": (hybrid(content=1.0, ease=1e-6), 0),
        "popular": (hybrid(popularity=1.0, ease=1e-6), 3),
        "hybrid": (hybrid(ease=1.0, content=1e-6, popularity=1e-6), 0),
    }
    for source, (model, film) in cases.items():
        liked = Histories.single([film], [5.0], [1])
        model.fit(histories, films)
        listed = model.recommend(liked, 2)
        named = model.sources(liked, listed)
        assert len(named) == len(listed.item_idx)
        assert named[0] == source


def test_explanations_weigh_the_members(histories: Histories, films: Films) -> None:
    model = hybrid(ease=0.5, als=0.5).fit(histories, films)
    history = histories.take([0])
    items = np.array([3, 5], dtype=np.int32)
    expected = np.zeros((2, 3))
    for member in model.members.values():
        deviation = standardise(member.score(history), history)[1][0]
        assert deviation > 0
        expected += 0.5 / deviation * member._explain(history, items)
    shares = model.explain(history, items)
    positive = np.maximum(expected, 0)
    np.testing.assert_allclose(shares, positive / np.maximum(positive.sum(axis=1, keepdims=True), 1e-12), rtol=1e-4)


def test_every_third_place_can_be_kept_for_a_cold_film(histories: Histories, films: Films) -> None:
    model = hybrid(cold_every=2, ease=1.0, content=0.01).fit(histories, films)
    items, scores = model.recommend(histories.take([2]), 4).row(0)
    assert items[1] == COLD
    assert (np.diff(scores) <= 0).all()
    assert len(set(items)) == len(items)
    assert model.recommend(histories.take([2]), 2).row(0)[0].tolist() == items[:2].tolist()


def test_slots_by_hand() -> None:
    warm = Lists(np.array([0, 4]), np.array([5, 9, 1, 2], np.int32), np.array([4, 3, 2, 1], np.float32))
    fresh = Lists(np.array([0, 2]), np.array([9, 7], np.int32), np.array([0.3, 0.2], np.float32))
    mixed = give_slots(warm, fresh, 3, 4)
    assert mixed.item_idx.tolist() == [5, 9, 7, 1]
    assert mixed.scores.tolist() == [4, 3, 3, 2]
