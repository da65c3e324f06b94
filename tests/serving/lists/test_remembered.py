from __future__ import annotations

import numpy as np

from pipelines.people.history import FloatArray, Histories
from serving.lists.remembered import _kept, one_list, remember_members
from tests.serving.releases import axes_model


class Whole:
    """Stands for a model with one member."""

    def __init__(self) -> None:
        self.member = axes_model()
        self.asked = 0
        score = self.member._score

        def counted(histories: Histories) -> FloatArray:
            self.asked += 1
            return score(histories)

        self.member._score = counted  # type: ignore[method-assign]
        self.members = {"als": self.member}


def history(*films: int) -> Histories:
    return Histories.single(list(films), [5.0] * len(films), [0] * len(films))


def test_one_history_is_scored_once_in_a_list_and_anew_in_the_next() -> None:
    whole = Whole()
    remember_members(whole)  # type: ignore[arg-type]
    with one_list():
        first, again = whole.member.score(history(0)), whole.member.score(history(0))
        assert whole.asked == 1
        np.testing.assert_array_equal(first, again)
        first[:] = 0  # what a caller does to its scores is its own
        assert whole.member.score(history(0)).any()
        assert not np.array_equal(whole.member.score(history(1)), again)
        assert whole.asked == 2
    with one_list():
        whole.member.score(history(0))
    assert whole.asked == 3
    assert _kept.get() is None


def test_outside_a_list_nothing_is_kept() -> None:
    whole = Whole()
    remember_members(whole)  # type: ignore[arg-type]
    whole.member.score(history(0))
    whole.member.score(history(0))
    assert whole.asked == 2
