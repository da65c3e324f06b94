"""Evaluate models under a protocol: fit, rank the full catalogue, measure, and say how sure the figures are.

Every model is fitted on the same rows and asked about the same people. Nothing is reported for fewer than 30 people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.choice.evaluation import metrics
from pipelines.choice.evaluation.calibration import Promises, ask, curve_of
from pipelines.choice.evaluation.metrics import Values
from pipelines.choice.evaluation.segments import ALL, film_segments, history_segments, in_segment
from pipelines.choice.evaluation.significance import Interval, bootstrap, paired_bootstrap
from pipelines.choice.evaluation.split import Fold, Ratings, make_folds
from pipelines.films.films import Films
from pipelines.lists.chance import Curve
from pipelines.models.base import Model
from pipelines.models.parts.sharing import fit_all, of_films_alone
from pipelines.people.history import Histories, IntArray
from warehouse.errors import ModelError, NotEnoughDataError

MIN_PEOPLE = 30
"""Below this many people a mean is not reported; n always is."""
TOO_GOOD = 0.99
"""A mean nDCG that only a model which saw the answers can reach."""
WITHOUT_K = frozenset({"rmse", "mae"})

Maker = Callable[[], Model]
Restrict = Callable[[Histories], Histories]
"""Takes ratings out of a training part, as many rows."""
Key = tuple[str, str]
"""(metric, segment)."""


@dataclass(frozen=True)
class Evaluation:
    """The figures of several models on one protocol, and each person's values behind them.

    Attributes
    ----------
    users : int64 array, shape (n_people,)
        Everybody with a value in at least one fold, ascending user_idx.
    values : dict of model to dict of (metric, segment) to float64 array, shape (n_people, n_folds)
        NaN where a person was not measured.
    results : dict of model to dict of (metric, segment) to Interval
        Means and 95 % intervals; metrics of whole lists of lists (coverage, gini, rmse, mae) have no interval.
    sample : dict
        ``max_people`` and ``seed`` of the draw where people were drawn, else empty.
    curves : dict of model to Curve
        What its scores promise: the chance of a like among the test ratings.
    tops : dict of model to list of int64 arrays, shape (n_evaluated, k)
        Each fold's lists, in positions of the films; -1 where a list is shorter.
    """

    protocol: str
    part: str
    dataset: str
    k: int
    users: IntArray
    values: dict[str, dict[Key, Values]] = field(repr=False)
    results: dict[str, dict[Key, Interval]]
    sample: dict[str, int] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict, repr=False)
    tops: dict[str, list[IntArray]] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return what ``playbill evaluate --json`` prints; null where fewer than 30 people were measured."""
        models: dict[str, dict[str, float | int | None]] = {}
        for model, results in self.results.items():
            figures: dict[str, float | int | None] = {"n": results["ndcg", ALL].n}
            for (metric, segment), found in results.items():
                if segment != ALL:
                    continue
                name = metric if metric in WITHOUT_K else f"{metric}@{self.k}"
                value, low, high = _told(found)
                figures[name] = value
                if not math.isnan(found.low):
                    figures[f"{name}_low"], figures[f"{name}_high"] = low, high
            models[model] = figures
        about = {"protocol": self.protocol, "dataset": self.dataset, "k": self.k}
        return {**about, **({"sample": self.sample} if self.sample else {}), "models": models}

    def rows(self) -> list[dict[str, Any]]:
        """Return flat records: model, protocol, metric, k, segment, value, low, high, n.

        ``k`` is None for metrics without a list length; value, low and high are None where they are not told.
        """
        records = []
        for model, results in self.results.items():
            for (metric, segment), found in results.items():
                value, low, high = _told(found)
                k = None if metric in WITHOUT_K else self.k
                record = {"model": model, "protocol": self.protocol, "metric": metric, "k": k, "segment": segment}
                records.append({**record, "value": value, "low": low, "high": high, "n": found.n})
        return records

    def per_person(self, model: str, metric: str = "ndcg", segment: str = ALL) -> Values:
        """Return each person's value, the mean over their folds, float64, shape (n_people,)."""
        values = self.values[model][metric, segment]
        measured = ~np.isnan(values)
        n = measured.sum(axis=1)
        total = np.where(measured, values, 0).sum(axis=1)
        means: Values = np.divide(total, n, out=np.full(len(values), np.nan), where=n > 0)
        return means

    def overlap(self, model: str, other: str) -> float:
        """Return the mean share of a list that the other model lists too, 0 to 1."""
        shares = [metrics.overlap(*pair) for pair in zip(self.tops[model], self.tops[other], strict=True)]
        return float(np.mean([np.nanmean(share) if np.isfinite(share).any() else math.nan for share in shares]))

    def compare(self, model: str, other: str, metric: str = "ndcg", seed: int = 0) -> Interval:
        """Return the paired bootstrap of ``model - other`` over the same people."""
        return paired_bootstrap(self.values[model][metric, ALL], self.values[other][metric, ALL], seed)


def evaluate(
    makers: Mapping[str, Maker],
    ratings: Ratings,
    films: Films,
    protocol: str,
    *,
    part: str = "test",
    k: int = 10,
    dataset: str = "",
    seed: int = 0,
    max_people: int | None = None,
    ready: Iterable[Model] = (),
    learn: Callable[[Model, int], Model] | None = None,
    progress: Callable[[str], None] | None = None,
    learns_from: Mapping[str, Restrict] | None = None,
) -> Evaluation:
    """Fit and measure each model on each fold of a protocol.

    Parameters
    ----------
    makers : mapping of model name to a function that makes it unfitted
    ratings, films : Ratings, Films
        ``ratings.item_idx`` are positions in ``films``.
    max_people : int, optional
        Ask at most this many people, drawn by ``seed``; every model learns from all and is asked about the same ones.
    ready : models, optional
        Fitted before; those that learn from films alone are not fitted again on the same films.
    learn : callable, optional
        From an unfitted model and a fold's number from 0 to what is to be fitted: where a recipe leaves something to be
        learned from the data, such as a blend's weights. It may know what comes before the fold's test rows, no more.
    progress : callable, optional
        Called with a line of text as the work goes on.
    learns_from : mapping of model name to a function, optional
        Models that learn from less than the whole training part: arrays of an older day, as they would be now.

    Raises
    ------
    NotEnoughDataError
        If nobody can be evaluated.
    ModelError
        If a model answers (nearly) perfectly: it has read the test part.
    """
    folds, known = make_folds(protocol, ratings, part, seed, max_people), list(ready)
    users = np.unique(np.concatenate([fold.users for fold in folds]))
    if len(users) == 0:
        raise NotEnoughDataError(f"{protocol}: nobody has enough ratings to be evaluated; use a larger set")
    values: dict[str, dict[Key, Values]] = {}
    results: dict[str, dict[Key, Interval]] = {}
    genres = metrics.genre_flags(films)
    measured: dict[str, list[dict[Key, Values]]] = {name: [] for name in makers}
    scalars: dict[str, list[dict[Key, float]]] = {name: [] for name in makers}
    promised: dict[str, list[Promises]] = {name: [] for name in makers}
    tops: dict[str, list[IntArray]] = {name: [] for name in makers}
    for number, fold in enumerate(folds, start=1):
        if progress is not None:
            progress(f"{protocol}, fold {number} of {len(folds)}: fitting")
        unfitted = {name: maker() if learn is None else learn(maker(), number - 1) for name, maker in makers.items()}
        in_time = fold.films(films)
        for name, model in _fitted(unfitted, fold.train, in_time, learns_from or {}, of_films_alone(known)):
            known += of_films_alone([model])
            if progress is not None:
                progress(f"{protocol}, fold {number} of {len(folds)}: {name}")
            lists, own_promises = ask(model, fold, k)
            top = metrics.lay_out(lists, k)
            tops[name].append(top)
            measured[name].append(_measure(top, fold, films, genres))
            scalars[name].append(_whole(model, top, fold, films))
            promised[name].append(own_promises)
    for name in makers:
        values[name] = _align(measured[name], folds, users)
        results[name] = _summarise(values[name], scalars[name], len(users), seed)
        _refuse_perfect(name, protocol, results[name]["ndcg", ALL])
    drawn = max_people is not None and any(len(fold.users) == max_people for fold in folds)
    sample = {"max_people": max_people, "seed": seed} if drawn and max_people is not None else {}
    curves = {name: curve_of(found) for name, found in promised.items()}
    return Evaluation(protocol, part, dataset, k, users, values, results, sample, curves, tops)


def _fitted(
    models: Mapping[str, Model], train: Histories, films: Films, learns_from: Mapping[str, Restrict],
    ready: list[Model],
) -> Iterator[tuple[str, Model]]:  # fmt: skip
    whole = {name: model for name, model in models.items() if name not in learns_from}
    yield from fit_all(whole, train, films, ready=ready)
    for name, restrict in learns_from.items():
        yield from fit_all({name: models[name]}, restrict(train), films, ready=ready)


def _measure(top: IntArray, fold: Fold, films: Films, genres: Any) -> dict[Key, Values]:
    """Return the per-person values of one fold, each of shape (n_evaluated,)."""
    n_items, n_learners = len(films), int((fold.train.lengths > 0).sum())
    popularity = np.bincount(fold.train.item_idx, minlength=n_items)
    ranked = metrics.find_hits(top, fold.relevant_indptr, fold.relevant_idx, n_items)
    found: dict[Key, Values] = {
        ("ndcg", ALL): metrics.ndcg(ranked),
        ("recall", ALL): metrics.recall(ranked),
        ("capped_recall", ALL): metrics.capped_recall(ranked),
        ("map", ALL): metrics.average_precision(ranked),
        ("mrr", ALL): metrics.reciprocal_rank(ranked),
        ("hit_rate", ALL): metrics.hit(ranked),
        ("full_list", ALL): metrics.full_list(top),
        ("novelty", ALL): metrics.novelty(top, popularity, n_learners),
    }
    if genres is not None:
        found["diversity", ALL] = metrics.intra_list_diversity(top, genres)
    for segment, people in history_segments(fold.histories.lengths).items():
        for metric in ("ndcg", "recall"):
            found[metric, segment] = np.where(people, found[metric, ALL], np.nan)
    for segment, chosen in film_segments(popularity).items():
        part = metrics.find_hits(top, *in_segment(fold.relevant_indptr, fold.relevant_idx, chosen), n_items)
        found["ndcg", segment] = metrics.ndcg(part)
        found["recall", segment] = metrics.recall(part)
    return found


def _whole(model: Model, top: IntArray, fold: Fold, films: Films) -> dict[Key, float]:
    """Return the metrics of a whole fold."""
    found = {
        ("coverage", ALL): metrics.coverage(top, len(films)),
        ("gini", ALL): metrics.gini(top, len(films)),
        ("top_exposure", ALL): metrics.top_exposure(top, len(films)),
    }
    stars = model.predict_ratings(fold.histories, fold.asked)
    if stars is not None:
        error = stars.astype(np.float64) - fold.asked.ratings
        found["rmse", ALL] = float(np.sqrt(np.mean(error**2)))
        found["mae", ALL] = float(np.mean(np.abs(error)))
    return found


def _align(measured: list[dict[Key, Values]], folds: list[Fold], users: IntArray) -> dict[Key, Values]:
    aligned: dict[Key, Values] = {}
    for key in measured[0]:
        values = np.full((len(users), len(folds)), np.nan)
        for column, (found, fold) in enumerate(zip(measured, folds, strict=True)):
            values[np.searchsorted(users, fold.users), column] = found[key]
        aligned[key] = values
    return aligned


def _summarise(
    values: dict[Key, Values], scalars: list[dict[Key, float]], n_people: int, seed: int
) -> dict[Key, Interval]:
    intervals = bootstrap(np.stack(list(values.values())), seed)
    results = dict(zip(values, intervals, strict=True))
    for key in scalars[0]:
        mean = float(np.mean([found[key] for found in scalars]))
        results[key] = Interval(mean, math.nan, math.nan, n_people)
    return results


def _refuse_perfect(name: str, protocol: str, found: Interval) -> None:
    if found.n >= MIN_PEOPLE and found.value >= TOO_GOOD:
        raise ModelError(
            f"{name}: nDCG {found.value:.3f} on {protocol} is what only a model that read the test part can reach; "
            "look for the leak in its fit"
        )


def _told(found: Interval) -> tuple[float | None, float | None, float | None]:
    """Return value, low and high; None where there are too few people or there is nothing to tell."""
    if found.n < MIN_PEOPLE:
        return None, None, None
    value, low, high = (None if math.isnan(number) else float(number) for number in found[:3])
    return value, low, high


def shuffled(fold: Fold, seed: int = 0) -> Fold:
    """Return the fold with everybody's relevant films given to somebody else: no model may beat popularity on it."""
    order: NDArray[np.int64] = np.random.default_rng(seed).permutation(len(fold.users))
    lengths = np.diff(fold.relevant_indptr)[order]
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    flat = np.arange(indptr[-1]) + np.repeat(fold.relevant_indptr[:-1][order] - indptr[:-1], lengths)
    return replace(fold, relevant_indptr=indptr, relevant_idx=fold.relevant_idx[flat])
