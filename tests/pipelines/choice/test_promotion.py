"""The gate says yes to a real advantage and no, in words, to everything else."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.choice.evaluation.metrics import Values
from pipelines.choice.promotion import Comparison, Decision, compare, decide

BASE = np.random.default_rng(0).random(200) * 0.5


def compared(challenger: Values, baseline: Values) -> Comparison:
    return compare("hybrid", challenger, "popularity", baseline, seed=0)


def judged(challenger: Values, baseline: Values) -> Decision:
    return decide(compared(challenger, baseline))


def test_a_clear_advantage_is_promoted() -> None:
    numbers = compared(BASE + 0.05, BASE)
    assert numbers.difference == pytest.approx(0.05)
    assert numbers.low == pytest.approx(0.05)
    assert numbers.challenger_ndcg - numbers.baseline_ndcg == pytest.approx(0.05)
    assert numbers.n == 200
    decision = decide(numbers)
    assert decision.promoted
    assert "hybrid beats popularity by +0.0500" in decision.reasons[0]


def test_an_advantage_that_may_be_luck_is_refused() -> None:
    # +0.01 on average with a deviation of 0.3 over 200 people: half a standard error
    noise = np.tile([0.31, -0.29], 100)
    numbers = compared(BASE + noise, BASE)
    assert numbers.difference == pytest.approx(0.01)
    assert numbers.low < 0 < numbers.high
    decision = decide(numbers)
    assert not decision.promoted
    assert "does not beat popularity for certain" in decision.reasons[0]


def test_no_difference_is_refused() -> None:
    assert not judged(BASE, BASE).promoted


def test_too_few_people_are_refused_whatever_the_difference() -> None:
    decision = judged(BASE[:29] + 0.4, BASE[:29])
    assert not decision.promoted
    assert "only 29 people" in decision.reasons[0]
    assert judged(BASE[:30] + 0.4, BASE[:30]).promoted


def test_nobody_is_refused() -> None:
    numbers = compared(np.zeros(0), np.zeros(0))
    assert numbers.n == 0
    assert not decide(numbers).promoted


def test_people_without_a_value_do_not_count() -> None:
    holed = BASE.copy()
    holed[:180] = np.nan
    assert compared(holed + 0.1, BASE).n == 20


def test_a_perfect_challenger_is_refused() -> None:
    decision = judged(np.ones(200), BASE)
    assert not decision.promoted
    assert "read the test part" in decision.reasons[0]


def test_popularity_alone_is_not_promoted() -> None:
    decision = decide(compare("popularity", BASE, "popularity", BASE, seed=0))
    assert not decision.promoted
    assert "no other model" in decision.reasons[0]


def test_plain_numbers_are_all_that_is_asked_for() -> None:
    numbers = Comparison("ease", "popularity", 0.31, 0.30, difference=0.01, low=0.001, high=0.02, n=400)
    assert decide(numbers) == Decision(
        True, ["promoted: ease beats popularity by +0.0100 nDCG@10 (95 % interval +0.0010 to +0.0200, 400 people)"]
    )


def test_other_people_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same evaluation"):
        compared(BASE, BASE[:100])
