"""Readings of a history, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.blend.channels import READINGS, Channel, split_name
from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.models.ease import EaseConfig, EaseModel
from pipelines.people.history import Histories, HistoryRule

EASE = EaseModel(EaseConfig(history=HistoryRule(power=1, decay=0.5)))
# two people; the first one's two latest ratings share a second, and the latest one was a dislike
TWO = Histories.from_columns(
    [0, 0, 0, 0, 0, 1, 1], [1, 2, 3, 4, 5, 1, 2], [5, 2.5, 4, 4, 1, 2, 1.5], [1, 2, 3, 3, 4, 1, 2], 2
)


def weights(reading: str) -> list[float]:
    found: list[float] = Channel(f"ease.{reading}", EASE, reading).weights(TWO).tolist()
    return found


def test_all_is_the_models_own_reading_of_what_was_not_disliked() -> None:
    assert weights("all") == pytest.approx([1 / 16, 0.5 / 8, 0.8 / 2, 0.8 / 2, 0, 0, 0])


def test_where_every_rating_counts_alike_a_dislike_is_read_too() -> None:
    model = EaseModel(EaseConfig(history=HistoryRule(power=1, decay=0.5, every_rating=True)))
    found = Channel("ease", model).weights(TWO).tolist()
    assert found == pytest.approx([1 / 16, 0.5 / 8, 0.8 / 2, 0.8 / 2, 0.2, 0.4 / 2, 0.3])


def test_the_last_film_is_the_last_that_was_not_disliked() -> None:
    assert weights("last") == pytest.approx([0, 0, 0.4, 0.4, 0, 0, 0])
    assert weights("last_three") == pytest.approx([0, 0.0625, 0.4, 0.4, 0, 0, 0])


def test_likes_and_dislikes_are_read_apart() -> None:
    assert weights("likes") == pytest.approx([1 / 16, 0, 0.4, 0.4, 0, 0, 0])
    # a dislike is as loud as a like would be, however few its stars
    assert weights("dislikes") == pytest.approx([0, 0, 0, 0, 1, 0.5, 1])


@pytest.mark.parametrize("reading", sorted(READINGS))
def test_nobody_and_nothing_are_read(reading: str) -> None:
    assert len(Channel("ease", EASE, reading).weights(Histories.single([], [], []))) == 0


def test_names() -> None:
    assert split_name("als") == ("als", "all")
    assert split_name("als.likes") == ("als", "likes")
    with pytest.raises(ValueError, match="no reading is called 'liked'"):
        split_name("als.liked")


def test_channels_of_one_model_share_it() -> None:
    weights = {"ease": 1.0, "ease.last": 0.5, "ease.dislikes": -0.5, "als": 0.0}
    assert set(HybridModel(HybridConfig(weights=weights, alike={})).members) == {"ease"}


@pytest.mark.parametrize("wrong", [{"ease": 1.0, "als.dislikes": 0.1}, {"ease.last": -0.1, "als": 1.0}, {"als.x": 1.0}])
def test_dislikes_never_speak_for_and_likes_never_against(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"als\.dislikes|ease\.last|als\.x"):
        HybridConfig(weights=wrong)


def test_a_history_of_ties_is_read_whole() -> None:
    tied = Histories.single([1, 2, 3], [5, 5, 5], [7, 7, 7])
    np.testing.assert_array_equal(Channel("ease.last", EASE, "last").weights(tied) > 0, [True] * 3)
