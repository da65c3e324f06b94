"""Promotion: the number that can say no. For now one rule: the first recipe must beat popularity.

`compare` makes the numbers, `decide` judges them and reads nothing else. The gate between a champion and a challenger
will stand here too; it will be told more numbers and answer with the same `Decision`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.choice.evaluation.metrics import Values
from pipelines.choice.evaluation.significance import paired_bootstrap

MIN_PEOPLE = 30
TOO_GOOD = 0.99


@dataclass(frozen=True)
class Comparison:
    """A challenger and its baseline, measured on the same people: all that the gate is told.

    Attributes
    ----------
    challenger, baseline : str
        Names of the models.
    challenger_ndcg, baseline_ndcg : float
        Mean nDCG@10; NaN when nobody was measured.
    difference, low, high : float
        Mean of challenger - baseline, with its 95 % interval; NaN when nobody was measured under both.
    n : int
        People measured under both.
    """

    challenger: str
    baseline: str
    challenger_ndcg: float
    baseline_ndcg: float
    difference: float
    low: float
    high: float
    n: int

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


def compare(challenger_name: str, challenger: Values, baseline_name: str, baseline: Values, seed: int) -> Comparison:
    """Compare two models person by person.

    Parameters
    ----------
    challenger, baseline : float64 arrays, shape (n_people,) or (n_people, n_folds)
        nDCG@10, the same people in the same order (`Evaluation.per_person`); NaN where not measured.
    seed : int
        Of the bootstrap.
    """
    if np.shape(challenger) != np.shape(baseline):
        raise ValueError(
            f"{challenger_name} was measured on {np.shape(challenger)} people, {baseline_name} on "
            f"{np.shape(baseline)}; both need the same evaluation"
        )
    interval = paired_bootstrap(challenger, baseline, seed)
    return Comparison(challenger_name, baseline_name, _mean(challenger), _mean(baseline), *interval)


def decide(numbers: Comparison) -> Decision:
    """Promote the challenger if the lower bound of its advantage over the baseline is above 0."""
    challenger, baseline = numbers.challenger, numbers.baseline
    if challenger == baseline:
        return _refused(f"{baseline} is what others must beat, and there is no other model in this run")
    if numbers.n < MIN_PEOPLE:
        return _refused(
            f"only {numbers.n} people could be measured, {MIN_PEOPLE} are needed to tell {challenger} from {baseline}"
        )
    if numbers.challenger_ndcg >= TOO_GOOD:
        return _refused(f"{challenger} answers all but perfectly, so it has read the test part")
    if math.isnan(numbers.low) or numbers.low <= 0:
        return _refused(f"{challenger} does not beat {baseline} for certain: {numbers.in_words}")
    return Decision(True, [f"promoted: {challenger} beats {baseline} by {numbers.in_words}"])


def _refused(reason: str) -> Decision:
    return Decision(False, [f"refused: {reason}"])


def _mean(values: Values) -> float:
    measured = np.asarray(values, dtype=np.float64)
    return math.nan if np.isnan(measured).all() else float(np.nanmean(measured))
