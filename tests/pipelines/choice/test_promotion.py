"""The gate says yes to a real advantage and no, in words, to everything else."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.choice.promotion import decide

BASE = np.random.default_rng(0).random(200) * 0.5


def test_a_clear_advantage_is_promoted() -> None:
    decision = decide(BASE + 0.05, BASE)
    assert decision.promoted
    assert decision.difference == pytest.approx(0.05)
    assert decision.low == pytest.approx(0.05)
    assert decision.n == 200
    assert "hybrid beats popularity by +0.0500" in decision.reasons[0]


def test_an_advantage_that_may_be_luck_is_refused() -> None:
    # +0.01 on average with a deviation of 0.3 over 200 people: half a standard error
    noise = np.tile([0.31, -0.29], 100)
    decision = decide(BASE + noise, BASE)
    assert decision.difference == pytest.approx(0.01)
    assert not decision.promoted
    assert decision.low < 0 < decision.high
    assert "does not beat popularity for certain" in decision.reasons[0]


def test_no_difference_is_refused() -> None:
    assert not decide(BASE, BASE).promoted


def test_too_few_people_are_refused_whatever_the_difference() -> None:
    decision = decide(BASE[:29] + 0.4, BASE[:29])
    assert not decision.promoted
    assert "only 29 people" in decision.reasons[0]
    assert decide(BASE[:30] + 0.4, BASE[:30]).promoted


def test_nobody_is_refused() -> None:
    decision = decide(np.zeros(0), np.zeros(0))
    assert not decision.promoted
    assert decision.n == 0


def test_people_without_a_value_do_not_count() -> None:
    holed = BASE.copy()
    holed[:180] = np.nan
    assert decide(holed + 0.1, BASE).n == 20


def test_a_perfect_challenger_is_refused() -> None:
    decision = decide(np.ones(200), BASE)
    assert not decision.promoted
    assert "read the test part" in decision.reasons[0]


def test_other_people_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same evaluation"):
        decide(BASE, BASE[:100])
