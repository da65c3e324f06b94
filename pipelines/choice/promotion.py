"""Promotion: the number that can say no. A challenger is compared with what ranks now, on the same people.

Three cases: the `first` recipe must beat popularity; a new recipe (`challenge`) must win; the champion's own recipe on
fresh ratings (`refresh`) must not lose. Guard rails stand beside accuracy: a model that wins on average and lists the
same ten films for everybody is no better. `compare` makes the numbers, `decide` judges them and reads nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pipelines.choice.evaluation.metrics import Values
from pipelines.choice.evaluation.significance import Interval, paired_bootstrap
from pipelines.settings_gate import GateSettings

TOO_GOOD = 0.99

Case = Literal["first", "challenge", "refresh", "unchanged"]
"""``unchanged``: the champion's own recipe on the ratings that its arrays learned from; there is nothing to compare."""


@dataclass(frozen=True)
class Side:
    """One recipe as it was measured, fitted on the training part.

    Attributes
    ----------
    ndcg : list of float
        Each person's nDCG@10; NaN where not measured.
    short : list of float
        The same of people with at most five ratings; NaN for everybody else.
    coverage, full_lists, exposure : float
        Share of the catalogue that is listed, of lists that are full, and of all places that go to ten films.
    overlap : dict of name to float
        Mean share of its lists that the named side's lists of the same people hold too.
    """

    ndcg: list[float]
    short: list[float]
    coverage: float
    full_lists: float
    exposure: float
    overlap: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Everything that the gate is told, and that its records hold; NaN where it could not be measured.

    ``difference`` is the challenger's nDCG@10 less the champion's over the ``n`` people measured under both, with its
    95 % interval; ``short_*`` is the same for people with at most five ratings.
    """

    case: Case
    challenger: str
    champion: str
    challenger_ndcg: float = math.nan
    champion_ndcg: float = math.nan
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    challenger_short: float = math.nan
    champion_short: float = math.nan
    short_low: float = math.nan
    short_high: float = math.nan
    short_n: int = 0
    challenger_coverage: float = math.nan
    champion_coverage: float = math.nan
    challenger_full: float = math.nan
    champion_full: float = math.nan
    challenger_exposure: float = math.nan
    champion_exposure: float = math.nan
    overlap: float = math.nan

    @property
    def in_words(self) -> str:
        """The difference with its interval, for people."""
        interval = f"95 % interval {self.low:+.4f} to {self.high:+.4f}"
        return f"{self.difference:+.4f} nDCG@10 ({interval}, {self.n:,} people)"


@dataclass(frozen=True)
class Decision:
    """Whether a recipe is promoted, and why, in words a reader of the log understands."""

    promoted: bool
    reasons: list[str]


def compare(
    case: Case, challenger_name: str, challenger: Side, champion_name: str, champion: Side, seed: int, key: str = ""
) -> Comparison:
    """Compare two recipes person by person.

    Parameters
    ----------
    challenger, champion : Side
        Measured on the same people in the same order.
    seed : int
        Of the bootstrap.
    key : str
        What the champion is called in ``challenger.overlap``; by default by its name.
    """
    if np.shape(challenger.ndcg) != np.shape(champion.ndcg):
        raise ValueError(
            f"{challenger_name} was measured on {np.shape(challenger.ndcg)} people, {champion_name} on "
            f"{np.shape(champion.ndcg)}; both need the same evaluation"
        )
    overall, short = _paired(challenger.ndcg, champion.ndcg, seed), _paired(challenger.short, champion.short, seed)
    return Comparison(
        case, challenger_name, champion_name,
        _mean(challenger.ndcg), _mean(champion.ndcg), *overall,
        _mean(challenger.short), _mean(champion.short), short.low, short.high, short.n,
        challenger.coverage, champion.coverage, challenger.full_lists, champion.full_lists,
        challenger.exposure, champion.exposure, challenger.overlap.get(key or champion_name, math.nan),
    )  # fmt: skip


def decide(numbers: Comparison, rules: GateSettings) -> Decision:
    """Promote the challenger if it is as accurate as its case demands and no guard rail is torn."""
    challenger, champion = numbers.challenger, numbers.champion
    if numbers.case == "unchanged":
        return Decision(False, [f"nothing to compare: {champion}'s own recipe on the ratings that it learned from"])
    problems = [*_unfit(numbers, rules)] or [*_accuracy(numbers, rules), *_guard_rails(numbers, rules)]
    if problems:
        return Decision(False, [f"refused: {problem}" for problem in problems])
    if numbers.case == "refresh":
        return Decision(True, [f"promoted: {challenger} on fresh ratings is no worse than before: {numbers.in_words}"])
    return Decision(True, [f"promoted: {challenger} beats {champion} by {numbers.in_words}"])


def _unfit(numbers: Comparison, rules: GateSettings) -> Iterator[str]:
    """Say why there is nothing that could be judged."""
    challenger, champion = numbers.challenger, numbers.champion
    if numbers.case == "first" and challenger == champion:
        yield f"{champion} is what others must beat, and there is no other model in this run"
    elif numbers.n < rules.min_people:
        yield (
            f"only {numbers.n} people could be measured, {rules.min_people} are needed to tell {challenger} from "
            f"{champion}"
        )
    elif numbers.challenger_ndcg >= TOO_GOOD:
        yield f"{challenger} answers all but perfectly, so it has read the test part"


def _accuracy(numbers: Comparison, rules: GateSettings) -> Iterator[str]:
    if numbers.case == "refresh":
        limit = -rules.refresh_loss * numbers.champion_ndcg
        if not numbers.low >= limit:
            yield (
                f"{numbers.challenger} on fresh ratings may lose more than {rules.refresh_loss:.0%} of what it had "
                f"({limit:+.4f}): {numbers.in_words}"
            )
    elif not numbers.low > 0:
        yield f"{numbers.challenger} does not beat {numbers.champion} for certain: {numbers.in_words}"


def _guard_rails(numbers: Comparison, rules: GateSettings) -> Iterator[str]:
    """Say which are torn. What could not be measured tears none: there were too few people to speak of."""
    challenger, champion = numbers.challenger, numbers.champion
    if numbers.challenger_coverage < rules.coverage * numbers.champion_coverage:
        yield (
            f"{challenger} lists {numbers.challenger_coverage:.1%} of the films, {champion} "
            f"{numbers.champion_coverage:.1%}; at least {rules.coverage:g} times as many are asked for"
        )
    if numbers.challenger_full < min(rules.full_lists, numbers.champion_full):
        yield (
            f"{1 - numbers.challenger_full:.1%} of {challenger}'s lists are short of ten films, "
            f"{1 - numbers.champion_full:.1%} of {champion}'s"
        )
    worse = numbers.challenger_short < rules.short_histories * numbers.champion_short
    if worse and numbers.short_n >= rules.min_people and numbers.short_high < 0:
        yield (
            f"people with at most five ratings lose: nDCG@10 {numbers.challenger_short:.4f}, {champion} "
            f"{numbers.champion_short:.4f} ({numbers.short_n:,} people; 95 % interval of the difference "
            f"{numbers.short_low:+.4f} to {numbers.short_high:+.4f}); at least {rules.short_histories:g} times it is "
            "asked for"
        )
    limit = max(rules.exposure * numbers.champion_exposure, rules.exposure_allowed)
    if numbers.challenger_exposure > limit:
        yield (
            f"ten films take {numbers.challenger_exposure:.0%} of all places in {challenger}'s lists, "
            f"{numbers.champion_exposure:.0%} in {champion}'s; {limit:.0%} is the most"
        )
    if numbers.case == "refresh" and numbers.overlap < rules.overlap:
        yield (
            f"lists would change too much at once: {numbers.overlap:.0%} of the ten films stay, at least "
            f"{rules.overlap:.0%} is asked for"
        )


def _paired(first: list[float], second: list[float], seed: int) -> Interval:
    return paired_bootstrap(np.array(first, dtype=np.float64), np.array(second, dtype=np.float64), seed)


def _mean(values: list[float]) -> float:
    measured: Values = np.asarray(values, dtype=np.float64)
    return math.nan if np.isnan(measured).all() else float(np.nanmean(measured))
