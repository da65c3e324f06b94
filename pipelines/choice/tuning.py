"""Tuning: choose a model's hyper-parameters on a protocol's validation part, never on its test part.

A seeded TPE search (Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011; optuna). It begins
with the settings in use, so the answer is never worse than those on the validation part, and with a storage it goes on
where it was stopped. The hybrid's members are fitted once; only their weights are searched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.blend.channels import channels_of, split_name
from pipelines.blend.hybrid import HybridModel
from pipelines.blend.one_pass import Candidates, candidate_scores
from pipelines.choice.evaluation import metrics
from pipelines.choice.evaluation.split import Fold, Ratings, make_folds
from pipelines.choice.recipes import SHIPPED, Folders, make_model, merge, read_file
from pipelines.choice.search_spaces import SPACES, Space, space_of
from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.models.base import Model
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import IntArray
from warehouse.errors import NotEnoughDataError, UnknownModelError

K = 10
CANDIDATES = 400
"""Films a person whose order the weights of a blend are tuned on: the best under the weights it begins with."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    Attributes
    ----------
    metric : str
        ``ndcg@10``, or ``recall@10`` for `last-out`, where one film is asked for.
    value, start : float
        The best trial's mean on the validation part, and that of the settings it began with.
    recipe : dict
        What the recipe's file should say: the settings in use with the best trial's laid over them.
    tried : list of (dict, float)
        Each trial's values, the settings it began with first, and what they were worth.
    """

    name: str
    protocol: str
    metric: str
    value: float
    start: float
    trials: int
    recipe: dict[str, Any]
    tried: list[tuple[dict[str, Any], float]] = field(default_factory=list)


def tune(
    name: str,
    ratings: Ratings,
    films: Films,
    protocol: str = "next",
    *,
    trials: int = 50,
    seed: int = 42,
    base: Mapping[str, Any] | None = None,
    folders: Folders = SHIPPED,
    storage: str | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Search a model's settings on the validation folds of a protocol.

    Parameters
    ----------
    base : mapping, optional
        Values laid over the recipe in use for every trial.
    folders : tuple of Path
        Where the recipe in use is looked for.
    storage : str, optional
        An optuna storage URL (``sqlite:///tuning.db``); a search of the same model, protocol and seed is continued,
        ``trials`` counting those already done.
    trials : int
        Settings to try beside those in use.

    Raises
    ------
    UnknownModelError
        If the model has nothing to tune.
    NotEnoughDataError
        If nobody can be validated on.
    """
    import optuna

    if name not in SPACES and name != HybridModel.name:
        raise UnknownModelError(f"{name!r} has nothing to tune; there are {', '.join((*SPACES, HybridModel.name))}")
    folds = make_folds(protocol, ratings, "validation")
    if not any(len(fold.users) for fold in folds):
        raise NotEnoughDataError(f"tune {name}: nobody can be validated on {protocol}; use a larger set")
    settings = dict(base or {})
    measure: Callable[[dict[str, Any]], float]
    if name == HybridModel.name:
        start = make_model(name, settings, protocol=protocol, folders=folders)
        weights = {channel.name: channel.weight for channel in channels_of(start)}
        measure, space = _hybrid_objective(start, films, folds, progress), _weights_space(list(weights))
        first = {f"weights.{channel}": weight for channel, weight in weights.items()}
    else:
        space, first = space_of(name, protocol), {}

        def measure(values: dict[str, Any]) -> float:
            made = make_model(name, merge(settings, values), protocol=protocol, folders=folders)
            return score_model(made, films, folds)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=f"{name}.{protocol}.{seed}",
        storage=storage,
        load_if_exists=True,
        direction="maximize",
    )
    begun, done = len(study.trials) > 0, max(0, len(study.trials) - 1)
    study.sampler = optuna.samplers.TPESampler(seed=seed + done, n_startup_trials=max(5, trials // 4))
    if not begun:
        study.add_trial(optuna.trial.create_trial(values=[measure(first)], user_attrs={"values": first}))

    def objective(trial: Any) -> float:
        values = space(trial)
        trial.set_user_attr("values", values)
        return measure(values)

    for number in range(done, trials):
        study.optimize(objective, n_trials=1)
        if progress is not None:
            progress(f"{name}: {protocol}, trial {number + 1} of {trials}, best {study.best_value:.4f}")
    best = study.best_trial
    start_value = float(study.trials[0].value or 0)
    recipe = merge(merge(read_file(name, protocol, folders), settings), best.user_attrs["values"])
    metric = f"{_metric(protocol)}@{K}"
    tried = [
        (dict(trial.user_attrs["values"]), float(trial.value)) for trial in study.trials if trial.value is not None
    ]
    return Tuned(name, protocol, metric, study.best_value, start_value, len(study.trials) - 1, recipe, tried)


def score_model(model: Model, films: Films, folds: list[Fold]) -> float:
    """Return the mean over folds of the protocol's metric at 10 for a freshly fitted model."""
    values = []
    for fold in folds:
        model.fit(fold.train, fold.films(films))
        top = metrics.lay_out(recommend(model, fold.histories, K), K)
        values.append(_mean(top, fold, len(films)))
    return float(np.mean(values))


def _mean(top: IntArray, fold: Fold, n_items: int) -> float:
    ranked = metrics.find_hits(top, fold.relevant_indptr, fold.relevant_idx, n_items)
    measured = metrics.recall(ranked) if _metric(fold.protocol) == "recall" else metrics.ndcg(ranked)
    return float(np.nanmean(measured))


def _metric(protocol: str) -> str:
    return "recall" if protocol == "last-out" else "ndcg"


def _hybrid_objective(
    hybrid: Model, films: Films, folds: list[Fold], progress: Progress | None
) -> Callable[[dict[str, Any]], float]:
    """Fit every member once and return a function from weights to the mean metric over each person's candidates."""
    parts: list[tuple[Fold, Candidates, IntArray]] = []
    for number, fold in enumerate(folds, start=1):
        if progress is not None:
            progress(f"hybrid: fitting, fold {number} of {len(folds)}")
        hybrid.fit(fold.train, fold.films(films))
        candidates = candidate_scores(hybrid, fold.histories, CANDIDATES)
        parts.append((fold, candidates, np.repeat(np.arange(len(fold.users)), np.diff(candidates.lists.indptr))))

    def measure(values: dict[str, Any]) -> float:
        means = []
        for fold, candidates, owner in parts:
            weights = np.array([values[f"weights.{name}"] for name in candidates.channels], dtype=np.float32)
            scores = candidates.says @ weights
            order = np.lexsort((candidates.lists.item_idx, -scores, owner))
            lists = Lists(candidates.lists.indptr, candidates.lists.item_idx[order], scores[order])
            means.append(_mean(metrics.lay_out(lists, K), fold, len(films)))
        return float(np.mean(means))

    return measure


def _weights_space(names: list[str]) -> Space:
    def space(trial: Any) -> dict[str, Any]:
        bounds = {name: (-1, 0) if split_name(name)[1] == "dislikes" else (0, 1) for name in names}
        return {f"weights.{name}": trial.suggest_float(name, *bounds[name], step=0.02) for name in names}

    return space
