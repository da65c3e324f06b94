"""Promotion: the number that can say no. For now one rule: the first recipe must beat popularity.

The gate between a champion and a challenger will stand here too; it will answer with the same `Decision`.
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
class Decision:
    """Whether a recipe is promoted, and why, in words a reader of the log understands.

    Attributes
    ----------
    difference, low, high : float
        Mean of challenger - baseline in nDCG@10 on `next`, with its 95 % interval; NaN when nobody was measured.
    n : int
        People measured under both.
    """

    promoted: bool
    reasons: list[str]
    difference: float
    low: float
    high: float
    n: int


def decide(
    challenger: Values,
    baseline: Values,
    *,
    challenger_name: str = "hybrid",
    baseline_name: str = "popularity",
    seed: int = 0,
) -> Decision:
    """Promote the challenger if the lower bound of its advantage over the baseline is above 0.

    Parameters
    ----------
    challenger, baseline : float64 arrays, shape (n_people,) or (n_people, n_folds)
        nDCG@10 on `next`, the same people in the same order (`Evaluation.per_person`); NaN where not measured.
    """
    if np.shape(challenger) != np.shape(baseline):
        raise ValueError(
            f"{challenger_name} was measured on {np.shape(challenger)} people, {baseline_name} on "
            f"{np.shape(baseline)}; both need the same evaluation"
        )
    found = paired_bootstrap(challenger, baseline, seed)
    told = f"{found.value:+.4f} nDCG@10 (95 % interval {found.low:+.4f} to {found.high:+.4f}, {found.n} people)"
    if found.n < MIN_PEOPLE:
        reason = (
            f"refused: only {found.n} people could be measured, {MIN_PEOPLE} are needed to tell {challenger_name} from "
            f"{baseline_name}"
        )
        return Decision(False, [reason], found.value, found.low, found.high, found.n)
    if float(np.nanmean(challenger)) >= TOO_GOOD:
        reason = f"refused: {challenger_name} answers all but perfectly, so it has read the test part"
        return Decision(False, [reason], found.value, found.low, found.high, found.n)
    promoted = not math.isnan(found.low) and found.low > 0
    verdict = f"promoted: {challenger_name} beats {baseline_name} by {told}"
    if not promoted:
        verdict = f"refused: {challenger_name} does not beat {baseline_name} for certain: {told}"
    return Decision(promoted, [verdict], found.value, found.low, found.high, found.n)
