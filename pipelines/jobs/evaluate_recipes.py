"""Evaluate recipes: measure models by their recipes' files, and put the figures into MLflow; no ledger hears of it."""

from __future__ import annotations

import time

from pipelines.choice.evaluation.report import Evaluation
from pipelines.choice.recipes import make_model, recipe_folders, recipe_hash
from pipelines.jobs.measure import Measurable, measure_set
from pipelines.jobs.tracking import csv_of, curves, headline, pictures_of, tags_of
from pipelines.registry import Registry
from pipelines.runs import new_run_id
from pipelines.settings import Settings


def evaluate_recipes(
    settings: Settings, chosen: Measurable, protocol: str, names: tuple[str, ...], *, k: int = 10
) -> Evaluation:
    """Measure models under a protocol, each by its file's recipe for it; the gate does not look at these figures.

    Parameters
    ----------
    k : int
        Films of a list that count.
    """
    started = time.monotonic()
    evaluation = measure_set(settings, chosen, protocol, names, k=k)
    _track(settings, chosen, evaluation, time.monotonic() - started)
    return evaluation


def _track(settings: Settings, chosen: Measurable, evaluation: Evaluation, seconds: float) -> None:
    """Put the figures into MLflow: a run, and a run nested in it for each model."""
    registry, protocol, rows = Registry(settings), evaluation.protocol, evaluation.rows()
    about = {"playbill.stage": "evaluate", "playbill.protocol": protocol}
    tags, folders = tags_of(settings, new_run_id(), chosen.dataset, **about), recipe_folders(settings.folder)
    with registry.run(f"evaluate {protocol} {chosen.dataset}", tags, chosen.datasets, took=seconds) as parent:
        for name in evaluation.results:
            recipe = make_model(name, protocol=protocol, folders=folders).recipe
            own = {**tags, "playbill.model": name, "playbill.recipe_hash": recipe_hash(name, recipe)}
            mlflow_id = registry.log_model(parent, name, own, recipe, chosen.datasets)
            if mlflow_id:
                registry.log_metrics(mlflow_id, headline(rows, name, protocol), curves(rows, name))
        registry.log_params(parent, {
            "protocol": protocol, "models": list(evaluation.results), "dataset": chosen.dataset, "k": evaluation.k,
            "random_state": settings.random_state,
        })  # fmt: skip
        registry.log_texts(parent, {"figures.csv": csv_of(rows)})
        registry.log_figures(parent, lambda: pictures_of(rows, protocol))
