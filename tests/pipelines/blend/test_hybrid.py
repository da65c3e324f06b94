"""The hybrid: standardised sums, who spoke, slots for cold films."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from pipelines.blend.hybrid import HybridConfig, HybridModel, standardise
from pipelines.blend.slots import give_slots
from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import Histories

COLD = 6


def hybrid(cold_every: int = 0, **weights: float) -> HybridModel:
    members = {"als": {"factors": 3}} if "als" in weights else {}
    return HybridModel(HybridConfig(weights=weights, members=members, cold_every=cold_every))


def test_standardising_by_hand() -> None:
    # what is not scored counts 0, unless the model cannot score it at all: the fourth film
    scores = np.array([[1, 3, -np.inf, -np.inf, 4], [2, 2, 2, 0, 2]], dtype=np.float32)
    standard = standardise(scores, np.array([True, True, True, False, True]))
    spread = np.sqrt(10 / 4)
    np.testing.assert_allclose(standard[0], np.array([-1, 1, -2, -2, 2]) / spread, rtol=1e-6)
    np.testing.assert_allclose(standard[1], 0)


def test_what_was_seen_does_not_set_the_scale() -> None:
    scores = np.array([[1, 3, 9]], dtype=np.float32)
    standard = standardise(scores, np.ones(3, dtype=bool), Histories.single([2], [5.0], [1]))
    np.testing.assert_allclose(standard, [[-1, 1, 7]], rtol=1e-6)


def test_scores_are_the_weighted_sum(histories: Histories, films: Films) -> None:
    model = hybrid(ease=0.75, covisitation=0.25).fit(histories, films)
    history = histories.take([0])
    parts = {
        name: standardise(member.score(history), member.item_side().scored, history)[0]
        for name, member in model.members.items()
    }
    scores = model.score(history)[0]
    finite = np.isfinite(scores)
    assert finite.any()
    # of 3, 2 and 2 ratings: 9 of 13, 4 of 8 and 4 of 8 of what they tell is believed, by what each rating weighs
    alike = (9 / 13 + 1 / 2 + 1 / 2) / 3
    fading = (0.81 * 9 / 13 + 0.9 / 2 + 0.8 / 2) / (0.81 + 0.9 + 0.8)
    expected = 0.75 * alike * parts["ease"] + 0.25 * fading * parts["covisitation"]
    np.testing.assert_allclose(scores[finite], expected[finite], rtol=1e-5)


def test_a_weight_of_zero_leaves_a_member_out_that_tells_nothing_of_likeness() -> None:
    assert set(hybrid(ease=1.0, svd=0.0, covisitation=0.0).members) == {"content", "covisitation", "ease"}
    assert set(HybridModel(HybridConfig(weights={"ease": 1.0, "svd": 0.0}, alike={"als": 1.0})).members) == {
        "als",
        "ease",
    }


@pytest.mark.parametrize("alike", [{"eaze": 1.0}, {"ease": -0.1}])
def test_unusable_likeness_is_refused(alike: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="told by members"):
        HybridConfig(alike=alike)


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


def test_every_third_place_can_be_kept_for_a_cold_film(histories: Histories, films: Films) -> None:
    model = hybrid(cold_every=2, ease=1.0, content=0.01).fit(histories, films)
    items, scores = recommend(model, histories.take([0]), 4).row(0)
    assert items[1] == COLD
    assert (np.diff(scores) <= 0).all()
    assert len(set(items)) == len(items)
    assert recommend(model, histories.take([0]), 2).row(0)[0].tolist() == items[:2].tolist()


def test_slots_by_hand() -> None:
    warm = Lists(np.array([0, 4]), np.array([5, 9, 1, 2], np.int32), np.array([4, 3, 2, 1], np.float32))
    fresh = Lists(np.array([0, 2]), np.array([9, 7], np.int32), np.array([0.3, 0.2], np.float32))
    mixed = give_slots(warm, fresh, 3, 4)
    assert mixed.item_idx.tolist() == [5, 9, 7, 1]
    assert mixed.scores.tolist() == [4, 3, 3, 2]


def test_films_that_hardly_anybody_rated_leave_the_word_to_what_is_known_of_them() -> None:
    """Two war films that one person rated, beside ten romances that they rated too: is it war or romance?"""
    rng = np.random.default_rng(1)
    rows = [(0, film, 5.0, film) for film in (0, 1, *range(4, 14))]
    rows += [(user, 4 + int(film), 5.0, at) for user in range(1, 40) for at, film in enumerate(rng.permutation(10)[:6])]
    users, items, stars, times = zip(*rows, strict=True)
    histories = Histories.from_columns(users, items, stars, times, 40)
    genres = [["War", "India"]] * 4 + [["Romance"]] * 10
    catalogue = Films(np.arange(14), pd.DataFrame({"genres": genres}))
    model = hybrid(covisitation=1.0, content=0.5).fit(histories, catalogue)
    best = recommend(model, Histories.single([0, 1], [5.0, 5.0], [1, 2]), 2).item_idx
    assert sorted(best.tolist()) == [2, 3]
