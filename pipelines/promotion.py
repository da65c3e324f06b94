"""The promotion gate: a pure rule that may say no, with its reasons in words.

One rule so far: a model is published in place of popularity only if it ranks better for certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipelines.evaluation.significance import paired_bootstrap

MIN_PEOPLE = 30


@dataclass(frozen=True)
class Decision:
    """Whether the challenger is published, and why.

    Attributes
    ----------
    promoted : bool
    reasons : list of str
        Sentences for a person to read.
    difference, low, high : float or None
        Mean difference of nDCG@10 and its 95 % interval; None where it was not measured.
    n : int
        People compared.
    """

    promoted: bool
    reasons: list[str]
    difference: float | None
    low: float | None
    high: float | None
    n: int


def decide(
    challenger: str, challenger_values: ArrayLike, baseline: str, baseline_values: ArrayLike, *, seed: int = 0
) -> Decision:
    """Judge a challenger against a baseline on the same people.

    Parameters
    ----------
    challenger_values, baseline_values : float arrays, shape (n_people,)
        Each person's nDCG@10; NaN where they were not measured.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (challenger_values, baseline_values))
    n = int((~np.isnan(first) & ~np.isnan(second)).sum())
    if n < MIN_PEOPLE:
        reason = f"{n} people could be compared, {MIN_PEOPLE} are needed to tell {challenger} from {baseline}"
        return Decision(False, [reason], None, None, None, n)
    found = paired_bootstrap(first[:, None], second[:, None], seed)
    means = f"{challenger} {np.nanmean(first):.4f}, {baseline} {np.nanmean(second):.4f} nDCG@10 over {n:,} people"
    interval = f"difference {found.value:+.4f} (95 % interval {found.low:+.4f} to {found.high:+.4f})"
    if found.low > 0:
        reasons = [f"{challenger} beats {baseline}: {means}; {interval}"]
    else:
        reasons = [f"{challenger} does not beat {baseline} for certain: {means}; {interval}"]
    return Decision(found.low > 0, reasons, found.value, found.low, found.high, n)
