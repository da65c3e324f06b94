"""Evaluate: how good each model's lists are, measured on ratings that it was not shown."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.blend.catalogue import load_model
from pipelines.choice.evaluation.report import Evaluation
from pipelines.choice.evaluation.report import evaluate as measure
from pipelines.choice.evaluation.segments import ALL, SHORT
from pipelines.choice.evaluation.split import Ratings
from pipelines.choice.learning import Learner
from pipelines.choice.promotion import Side
from pipelines.choice.recipes import from_recipe
from pipelines.films.films import Films
from pipelines.films.tags import Tags, tags_of
from pipelines.jobs.active import active_set
from pipelines.jobs.handover import Measured, TrainedModels
from pipelines.jobs.opponent import CHAMPION, Opponent, as_it_was, opponent_of
from pipelines.jobs.tracking import csv_of, curves, headline
from pipelines.lists.tables import chance_rows
from pipelines.people.reader import People, read_films, read_people, read_tags
from pipelines.progress import step
from pipelines.registry import Registry
from pipelines.runs import Workbench, workbench
from pipelines.settings import Settings
from warehouse import ledgers

log = logging.getLogger(__name__)


def evaluate(
    settings: Settings, run_id: str | None = None, *, protocols: tuple[str, ...] | None = None
) -> dict[str, Evaluation]:
    """Measure the recipes of a run's models, by default those of the newest run that trained.

    The models are fitted anew on each protocol's training part, in the films and ratings of the lake, and a blend's
    weights are learned there too: those of the run only hold for the protocol that they were learned on. The figures go
    to the metrics ledger, to MLflow, and to the workbench for the promotion gate.

    Parameters
    ----------
    protocols : tuple of str, optional
        By default the gate's and those of the settings.

    Returns
    -------
    dict of protocol to Evaluation

    Raises
    ------
    EmptyLakeError
        If nothing was trained on the active data set.
    """
    folder = settings.folder
    bench, dataset = workbench(folder, run_id), active_set(folder).dataset
    trained = TrainedModels.read(bench, dataset)
    films, people = read_films(folder), read_people(folder)
    ratings, gate = ratings_of(people, films, read_tags(folder, people, films)), settings.training.gate
    ready = [load_model(bench.model(name)) for name in trained.recipes if bench.model(name).exists()]
    seed, chosen = settings.random_state, dict.fromkeys(protocols or (gate, *settings.training.protocols))
    opponent = opponent_of(folder, trained, people) if gate in chosen else None
    evaluations = {}
    for protocol in chosen:
        makers = {name: partial(from_recipe, name, trained.recipe_for(name, protocol)) for name in trained.recipes}
        learns_from = {}
        if protocol == gate and opponent is not None and opponent.key == CHAMPION:
            makers[CHAMPION] = partial(from_recipe, opponent.model, opponent.recipe)
            if opponent.case == "refresh":
                learns_from[CHAMPION] = as_it_was(folder, str(opponent.release_id), people, films)
        learner = Learner(protocol, ratings, films, seed, _show, list(ready))
        evaluations[protocol] = measure(
            makers, ratings, films, protocol, dataset=dataset, seed=seed,
            max_people=settings.training.measured_people, ready=ready, learn=learner.learn, progress=_show,
            learns_from=learns_from,
        )  # fmt: skip
    _record(settings, bench, trained, evaluations, opponent)
    return evaluations


def side_of(evaluation: Evaluation, model: str) -> Side:
    """Return what the gate looks at of one model."""
    whole = {name: result.value for (name, segment), result in evaluation.results[model].items() if segment == ALL}
    overlap = {other: evaluation.overlap(model, other) for other in evaluation.values if other == CHAMPION != model}
    return Side(
        evaluation.per_person(model).tolist(), evaluation.per_person(model, segment=SHORT).tolist(),
        whole["coverage"], whole["full_list"], whole["top_exposure"], overlap,
    )  # fmt: skip


def ratings_of(people: People, films: Films, tags: Tags | None = None) -> Ratings:
    """Return everybody's ratings as the evaluation reads them, in the order of the histories."""
    return replace(Ratings.of(people.histories_in(films), len(films)), tags=tags)


def read_own_ids(batch: Path) -> tuple[Ratings, Films]:
    """Read a landed MovieLens batch in the set's own film ids and file order, as published results use it."""
    table = pq.read_table(batch / "ratings.parquet")
    facts = pq.read_table(batch / "films.parquet").sort_by("movielens_id").to_pandas()
    rated = table["movielens_id"].to_numpy().astype(np.int64)
    movie_ids = np.union1d(facts["movielens_id"].to_numpy(), rated).astype(np.int64)
    metadata = facts.set_index("movielens_id").reindex(movie_ids)
    users, user_idx = np.unique(table["user_id"].to_numpy(), return_inverse=True)
    films = Films(movie_ids, metadata.reset_index(drop=True))
    seconds, stars = table["timestamp"].to_numpy(), table["rating"].to_numpy()
    items, tags = films.index_of(rated), _own_tags(batch, users, films)
    ratings = Ratings(user_idx.astype(np.int64), items, stars, seconds, len(users), len(films), tags)
    return ratings, films if tags is None else tags.on(films)


def _own_tags(batch: Path, users: NDArray[Any], films: Films) -> Tags | None:
    if not (batch / "tags.parquet").exists():
        return None
    table = pq.read_table(batch / "tags.parquet")
    givers = [str(number) for number in table["user_id"].to_pylist()]
    return tags_of(
        givers, [str(number) for number in users.tolist()], table["movielens_id"].to_numpy(),
        table["timestamp"].to_numpy(), table["tag"].to_pylist(), films,
    )  # fmt: skip


def _short(value: float | int | None) -> str:
    return "untold" if value is None else f"{value:.4f}"


def _show(line: str) -> None:
    step(f"evaluate {line}", 0, None)


def _record(
    settings: Settings, bench: Workbench, trained: TrainedModels, evaluations: dict[str, Evaluation],
    opponent: Opponent | None,
) -> None:  # fmt: skip
    known = trained.recipes if opponent is None else {**trained.recipes, opponent.key: opponent.recipe}
    recipes = {name: json.dumps(recipe, sort_keys=True) for name, recipe in known.items()}
    rows = [
        {**row, "recipe": recipes[row["model"]]} for evaluation in evaluations.values() for row in evaluation.rows()
    ]
    for name, lesson in trained.lessons.items():
        if lesson["protocol"] in evaluations:
            rows += _channel_rows(name, lesson, recipes[name])
    ledgers.append(settings.folder, "metrics", bench.run_id, rows)
    sides = {
        protocol: {model: asdict(side_of(evaluation, model)) for model in evaluation.values}
        for protocol, evaluation in evaluations.items()
    }
    chances = {
        protocol: chance_rows({name: curve for name, curve in evaluation.curves.items() if name in trained.recipes})
        for protocol, evaluation in evaluations.items()
    }
    Measured(rows, sides, {} if opponent is None else opponent.to_json(), chances).write(bench)
    if trained.mlflow:
        _track(settings, bench, trained, Measured.read(bench).rows)
    for row in rows:
        if row["segment"] == "all" and row["metric"] in ("ndcg", "recall"):
            log.info(
                "evaluate done protocol=%s model=%s metric=%s@%d value=%s",
                row["protocol"], row["model"], row["metric"], row["k"], _short(row["value"]),
            )  # fmt: skip


def _track(settings: Settings, bench: Workbench, trained: TrainedModels, rows: list[dict[str, Any]]) -> None:
    """Add the figures to MLflow's runs: each model's to its own, the challenger's to the training's too."""
    registry, gate = Registry(settings), settings.training.gate
    for model, mlflow_id in (*trained.mlflow.items(), (trained.challenger, trained.mlflow_training)):
        registry.log_metrics(mlflow_id, headline(rows, model, gate), curves(rows, model))
    registry.log_texts(trained.mlflow_training, {"figures.csv": csv_of(rows)})
    registry.end(trained.mlflow_training)
    if registry.lost:
        replace(trained, mlflow={}).write(bench)  # so that the next stage does not ask, and warn, again


def _channel_rows(model: str, lesson: dict[str, Any], recipe: str) -> list[dict[str, Any]]:
    """Return what each channel of a blend weighs and adds, as rows of the metrics; their segment is the channel."""
    rows = []
    for worth in lesson["worth"]:
        about = {"model": model, "protocol": lesson["protocol"], "segment": worth["channel"], "n": lesson["people"]}
        weight = {"metric": "channel_weight", "k": None, "value": worth["weight"], "low": None, "high": None}
        gain = {"metric": "channel_gain", "k": 10, "value": worth["gain"], "low": worth["low"], "high": worth["high"]}
        rows += [{**about, **weight, "recipe": recipe}, {**about, **gain, "recipe": recipe}]
    return rows
