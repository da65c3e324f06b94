"""A blend's weights learned from what its channels say of candidates and which of them were taken. Pure.

The smoothed nDCG@10 (`soft_ndcg`) is climbed by L-BFGS-B, drawn towards the shipped weights as if `PRIOR` questions
had asked for them (`PRIOR_AGAIN` where people were asked again), weights of dislikes at most 0 and all others at
least 0. Then channels go, one after another, while one is worth less than `LEAST_WORTH`. What was learned is used only
where it does better than the shipped weights for people it was not learned from. A channel ranks alone where it beats
both for certain: whatever is chosen is never worse on these people than the best channel alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from pipelines.choice import soft_ndcg
from pipelines.choice.evaluation.metrics import Values
from pipelines.choice.evaluation.significance import Interval, paired_bootstrap
from pipelines.choice.examples import Examples

TEMPERATURE = 0.1
"""Of the smoothed metric, in standard deviations of the blend's channels; 0.05 to 0.2 are alike."""
PRIOR, PRIOR_AGAIN = 60.0, 20.0
"""How strongly weights are drawn to the shipped ones, where people were asked once and where they were asked again: a
squared distance of 1 costs what so many questions' nDCG of 1 would gain. docs/evaluation.md has what both are worth."""
LEAST_WORTH = 0.0003
"""nDCG@10 below which a channel is not worth the time it takes. People left out on ml-latest-small gained 0.0038 where
channels went that cost nothing, 0.0028 where those went that were worth less than 0.0005, and 0.0002 where all went
whose 95 % interval reached 0: with six hundred people few channels are certain."""
FAINT = 0.01
"""Share of all weights below which a channel says nothing."""
FEWEST = 50
"""People from whom weights can be learned at all."""
FOLDS = 5
STEPS, STEPS_AGAIN = 60, 15
ENOUGH = 1e-5
"""nDCG@10 below which a step gains too little for another one."""


@dataclass(frozen=True)
class Worth:
    """What a channel weighs and what it adds: nDCG@10 with it less nDCG@10 without it, with a 95 % interval."""

    channel: str
    weight: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Lesson:
    """Weights, where they come from, and what speaks for them.

    Attributes
    ----------
    weights : dict of channel to float
        Their absolute values sum to 1.
    chosen : str
        "learned", "shipped", or the name of the channel that ranks alone.
    people, questions : int
        From how many it was learned; the same person may have been asked several times.
    ndcg : dict of str to float
        Mean nDCG@10 on the validation part: "learned" of people left out, "shipped", and the best channel by its name.
    worth : list of Worth
        By gain, the largest first.
    """

    weights: dict[str, float]
    chosen: str
    people: int
    questions: int
    ndcg: dict[str, float]
    worth: list[Worth]

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def learn_weights(examples: Examples, shipped: Mapping[str, float], seed: int = 0) -> Lesson:
    """Learn how much each channel is to say.

    Parameters
    ----------
    shipped : mapping of channel to float
        Where weights start and what they are drawn to; channels that are not named start at 0.
    seed : int
        Of the folds of people and of the intervals.
    """
    start = np.array([shipped.get(name, 0.0) for name in examples.channels])
    start = start / np.abs(start).sum()
    people = np.unique(examples.people)
    if len(people) < FEWEST:
        return _lesson(examples, start, "shipped", {"shipped": _mean(examples, start)}, seed)
    order, left_out = np.random.default_rng(seed).permutation(people), np.empty(len(examples))
    # whoever is left out is left out with all of their questions
    out_of = [np.isin(examples.people, order[fold::FOLDS]) for fold in range(FOLDS)]
    outs, rests = [np.flatnonzero(out) for out in out_of], [np.flatnonzero(~out) for out in out_of]
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as threads:
        whole = threads.submit(climb, examples, start)
        for out, found in zip(outs, threads.map(lambda rest: climb(examples.take(rest), start), rests), strict=True):
            left_out[out] = examples.take(out).ndcg(found)
    alone = np.eye(len(start))[[column for column, name in enumerate(examples.channels) if not _against(name)]]
    singles = [_mean(examples, weights) for weights in alone]
    best = alone[int(np.argmax(singles))]
    name = examples.channels[int(best.argmax())]
    ndcg = {"learned": float(left_out.mean()), "shipped": _mean(examples, start), name: max(singles)}
    offers = {"learned": whole.result(), "shipped": trim(examples, start), name: best}
    # what was learned must hold for people left out, and nothing may be worse here than the best channel alone
    able = [offer for offer in ("learned", "shipped") if _mean(examples, offers[offer]) >= max(singles)]
    chosen = max(able, key=ndcg.__getitem__, default=name)
    values = left_out if chosen == "learned" else examples.ndcg(offers[chosen])
    # the best of many on the same people looks better than it is, so it must win for certain
    if paired_bootstrap(examples.by_person(examples.ndcg(best)), examples.by_person(values), seed).low > 0:
        chosen = name
    return _lesson(examples, offers[chosen], chosen, ndcg, seed)


def climb(examples: Examples, start: Values) -> Values:
    """Return the weights that win on these people, those of channels worth next to nothing at 0."""
    return _drop(examples, start, _climb(examples, start, _inside(start, examples.channels), STEPS), STEPS_AGAIN)


def trim(examples: Examples, weights: Values) -> Values:
    """Return the weights as they are, those of channels worth next to nothing on these people at 0."""
    return _drop(examples, weights, weights, 0)


def _drop(examples: Examples, start: Values, weights: Values, steps: int) -> Values:
    """Drop channels one after another while one is worth next to nothing, climbing again after each."""
    active, at_hand = np.arange(len(start)), examples
    while True:
        kept = np.abs(weights) >= FAINT * np.abs(weights).sum()
        if kept.all() and len(active) > 1:
            worth = _mean(at_hand, weights) - at_hand.without_each(weights)
            kept = np.arange(len(active)) != worth.argmin() if worth.min() < LEAST_WORTH else kept
        if kept.all() or not (weights[kept] > 0).any():
            break
        active, weights, at_hand = active[kept], weights[kept], at_hand.only(np.flatnonzero(kept))
        weights = _climb(at_hand, start[active], weights, steps)
    found = np.zeros(len(start))
    found[active] = weights / np.abs(weights).sum()
    return found


def _climb(examples: Examples, prior: Values, weights: Values, steps: int) -> Values:
    """Climb the smoothed metric from some weights, drawn to the prior."""
    if steps == 0:
        return weights
    n = len(examples)
    pull = (PRIOR_AGAIN if examples.asked_again else PRIOR) / n
    values, slopes = np.empty(n), np.empty(len(examples.says), np.float32)

    def loss(now: Values) -> tuple[float, Values]:
        scores = examples.says @ now.astype(np.float32)
        soft_ndcg.soft(
            scores, examples.indptr, examples.hits, examples.n_relevant, soft_ndcg.IDEAL, TEMPERATURE, values, slopes
        )  # fmt: skip
        away = now - prior
        slope = 2 * pull * away - (slopes @ examples.says).astype(np.float64) / n
        return float(pull * (away**2).sum() - values.mean()), slope

    bounds = [(None, 0) if _against(name) else (0, None) for name in examples.channels]
    found = minimize(
        loss, weights, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps, "ftol": ENOUGH}
    )
    weights = found.x
    return weights if (weights > 0).any() else prior


def _inside(start: Values, channels: tuple[str, ...]) -> Values:
    """Return where to begin: a little off the bounds, so that every channel is heard once."""
    return start + np.where([_against(name) for name in channels], -0.01, 0.01)


def _against(channel: str) -> bool:
    return channel.endswith(".dislikes")


def _mean(examples: Examples, weights: Values) -> float:
    return float(examples.ndcg(weights).mean()) if len(examples) else 0.0


def _lesson(examples: Examples, weights: Values, chosen: str, ndcg: dict[str, float], seed: int) -> Lesson:
    whole, worth = examples.by_person(examples.ndcg(weights)), []
    for column in np.flatnonzero(weights):
        without = weights.copy()
        without[column] = 0
        gain: Interval = paired_bootstrap(whole, examples.by_person(examples.ndcg(without)), seed)
        worth.append(Worth(examples.channels[column], float(weights[column]), gain.value, gain.low, gain.high))
    worth.sort(key=lambda one: (-one.gain, one.channel))
    people = len(np.unique(examples.people))
    return Lesson({one.channel: one.weight for one in worth}, chosen, people, len(examples), ndcg, worth)
