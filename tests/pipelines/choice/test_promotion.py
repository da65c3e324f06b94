"""The gate says yes to a real advantage and no, in words, to everything else."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipelines.choice.promotion import Case, Comparison, Decision, Side, compare, decide
from pipelines.settings_gate import GateSettings

BASE = np.random.default_rng(0).random(200) * 0.5
RULES = GateSettings()


def side(ndcg: Any, short: Any = None, coverage: float = 0.5, full: float = 1.0, exposure: float = 0.2) -> Side:
    values = np.full(len(ndcg), np.nan) if short is None else np.asarray(short)
    return Side(list(ndcg), values.tolist(), coverage, full, exposure, {"champion": 0.8})


def compared(challenger: Side | Any, champion: Side | Any, case: Case = "challenge") -> Comparison:
    sides = [one if isinstance(one, Side) else side(one) for one in (challenger, champion)]
    return compare(case, "hybrid", sides[0], "ease", sides[1], seed=0, key="champion")


def judged(challenger: Side | Any, champion: Side | Any, case: Case = "challenge") -> Decision:
    return decide(compared(challenger, champion, case), RULES)


@pytest.mark.parametrize("case", ["first", "challenge"])
def test_a_clear_advantage_is_promoted(case: Case) -> None:
    numbers = compared(BASE + 0.05, BASE, case)
    assert numbers.difference == pytest.approx(0.05)
    assert numbers.low == pytest.approx(0.05)
    assert numbers.challenger_ndcg - numbers.champion_ndcg == pytest.approx(0.05)
    assert (numbers.n, numbers.overlap) == (200, 0.8)
    decision = decide(numbers, RULES)
    assert decision.promoted
    assert "hybrid beats ease by +0.0500" in decision.reasons[0]


def test_an_advantage_that_may_be_luck_is_refused() -> None:
    # +0.01 on average with a deviation of 0.3 over 200 people: half a standard error
    noise = np.tile([0.31, -0.29], 100)
    numbers = compared(BASE + noise, BASE)
    assert numbers.difference == pytest.approx(0.01)
    assert numbers.low < 0 < numbers.high
    decision = decide(numbers, RULES)
    assert not decision.promoted
    assert "does not beat ease for certain" in decision.reasons[0]


def test_no_difference_is_refused_but_to_the_champions_own_recipe() -> None:
    assert not judged(BASE, BASE).promoted
    assert not judged(BASE, BASE, "first").promoted
    assert judged(BASE, BASE, "refresh").promoted


def test_a_refresh_may_lose_a_little_and_no_more() -> None:
    mean = float(BASE.mean())
    assert judged(BASE - 0.04 * mean, BASE, "refresh").promoted
    decision = judged(BASE - 0.06 * mean, BASE, "refresh")
    assert not decision.promoted
    assert "may lose more than 5% of what it had" in decision.reasons[0]


def test_the_same_recipe_on_the_same_ratings_is_neither_promoted_nor_refused() -> None:
    decision = judged(BASE, BASE, "unchanged")
    assert not decision.promoted
    assert decision.reasons == ["nothing to compare: ease's own recipe on the ratings that it learned from"]


def test_too_few_people_are_refused_whatever_the_difference() -> None:
    decision = judged(BASE[:29] + 0.4, BASE[:29])
    assert not decision.promoted
    assert "only 29 people" in decision.reasons[0]
    assert judged(BASE[:30] + 0.4, BASE[:30]).promoted


def test_nobody_is_refused() -> None:
    numbers = compared(np.zeros(0), np.zeros(0))
    assert numbers.n == 0
    assert not decide(numbers, RULES).promoted


def test_people_without_a_value_do_not_count() -> None:
    holed = BASE.copy()
    holed[:180] = np.nan
    assert compared(holed + 0.1, BASE).n == 20


def test_a_perfect_challenger_is_refused() -> None:
    decision = judged(np.ones(200), BASE)
    assert not decision.promoted
    assert "read the test part" in decision.reasons[0]


def test_popularity_alone_is_not_promoted() -> None:
    decision = decide(compare("first", "popularity", side(BASE), "popularity", side(BASE), seed=0), RULES)
    assert not decision.promoted
    assert "no other model" in decision.reasons[0]


BETTER = side(BASE + 0.05)


@pytest.mark.parametrize(
    ("challenger", "words"),
    [
        (replace(BETTER, coverage=0.39), "lists 39.0% of the films, ease 50.0%"),
        (replace(BETTER, full_lists=0.99), "1.0% of hybrid's lists are short of ten films"),
        (replace(BETTER, exposure=0.31), "ten films take 31% of all places in hybrid's lists, 20% in ease's; 30%"),
    ],
)
def test_a_torn_guard_rail_refuses_what_is_better_on_average(challenger: Side, words: str) -> None:
    decision = judged(challenger, BASE)
    assert not decision.promoted
    assert len(decision.reasons) == 1
    assert words in decision.reasons[0]


def test_guard_rails_hold_at_their_thresholds() -> None:
    assert judged(replace(BETTER, coverage=0.4), BASE).promoted
    assert judged(replace(BETTER, exposure=0.3), BASE).promoted
    # a tenth of all places is what ten films get in any set of a hundred
    assert judged(replace(BETTER, exposure=0.25), replace(side(BASE), exposure=0.1)).promoted
    assert judged(replace(BETTER, full_lists=0.9), replace(side(BASE), full_lists=0.9)).promoted


def shortened(change: float) -> Side:
    """The first 60 of 200 people have at most five ratings: they change so much, everybody else gains."""
    new = np.concatenate((BASE[:60] + change, BASE[60:] + 0.1))
    return side(new, np.where(np.arange(200) < 60, new, np.nan))


def test_people_with_few_ratings_may_not_lose() -> None:
    before = side(BASE, np.where(np.arange(200) < 60, BASE, np.nan))
    decision = judged(shortened(-0.05), before)
    assert compared(shortened(-0.05), before).low > 0
    assert not decision.promoted
    assert "people with at most five ratings lose" in decision.reasons[0]
    assert "(60 people; 95 % interval of the difference -0.0500 to -0.0500)" in decision.reasons[0]
    assert judged(shortened(-0.01), before).promoted  # within a twentieth of 0.25


def test_a_refresh_may_not_change_everything_at_once() -> None:
    changed = replace(side(BASE), overlap={"champion": 0.29})
    decision = judged(changed, BASE, "refresh")
    assert not decision.promoted
    assert "29% of the ten films stay, at least 30%" in decision.reasons[0]
    assert judged(replace(BETTER, overlap={"champion": 0.0}), BASE).promoted  # a new recipe may


def test_all_reasons_are_told_and_thresholds_are_settings() -> None:
    bad = replace(side(BASE - 0.1), coverage=0.1, exposure=0.9)
    assert len(judged(bad, BASE).reasons) == 3
    numbers = compared(replace(BETTER, coverage=0.39), BASE)
    assert decide(numbers, GateSettings(coverage=0.7)).promoted


def test_plain_numbers_are_all_that_is_asked_for() -> None:
    numbers = Comparison("first", "ease", "popularity", 0.31, 0.30, difference=0.01, low=0.001, high=0.02, n=400)
    assert math.isnan(numbers.challenger_coverage)
    assert decide(numbers, RULES) == Decision(
        True, ["promoted: ease beats popularity by +0.0100 nDCG@10 (95 % interval +0.0010 to +0.0200, 400 people)"]
    )


def test_other_people_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same evaluation"):
        compared(BASE, BASE[:100])
