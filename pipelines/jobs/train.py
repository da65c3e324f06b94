"""Train: the run's models on all ratings, each saved on the workbench and logged to MLflow."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.choice.recipes import from_recipe, make_model, recipe_folders
from pipelines.jobs.active import active_set
from pipelines.jobs.handover import TrainedModels
from pipelines.jobs.stars import train_stars
from pipelines.models.base import Model
from pipelines.models.parts.sharing import fit_all
from pipelines.models.popularity import PopularityModel
from pipelines.people.reader import read_films, read_people
from pipelines.progress import step
from pipelines.registry import Registry
from pipelines.runs import clear_others, workbench
from pipelines.settings import Settings
from warehouse.lock import writing

log = logging.getLogger(__name__)

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Trained:
    """The models on the workbench, and the seconds each took; a member that the hybrid fitted took none of its own."""

    run_id: str
    seconds: dict[str, float]


def train(
    settings: Settings,
    run_id: str,
    *,
    models: tuple[str, ...] | None = None,
    overrides: Mapping[str, Values] | None = None,
    recipes: Mapping[str, Values] | None = None,
) -> Trained:
    """Fit models on every rating there is.

    Parameters
    ----------
    models : tuple of str, optional
        By default those of ``recipes``, or else of the settings; popularity is always among them, as it fills lists up.
    overrides : mapping of model name to hyper-parameters, optional
        Values that take the place of the recipe's.
    recipes : mapping of model name to its whole recipe, optional
        Models that are made from these alone, as a champion is from its release; others from their files.

    Raises
    ------
    UnknownModelError, ConfigError
        If a model or hyper-parameter is unknown; nothing is trained then.
    EmptyLakeError
        If the warehouse has not been built.
    """
    folder = settings.folder
    names = models or tuple(recipes or ()) or settings.training.models
    makers = _makers(settings, names, overrides or {}, recipes or {})
    people, films, active = read_people(folder), read_films(folder), active_set(folder)
    histories = people.histories_in(films)
    registry = Registry(settings)
    bench = workbench(folder, run_id)
    seconds: dict[str, float] = {}
    tracked: dict[str, str] = {}
    with writing(folder):
        clear_others(folder, run_id)
        step("train", 0, len(makers))
        started = time.monotonic()
        for done, (name, model) in enumerate(fit_all(makers, histories, films), start=1):
            model.save(bench.model(name))
            seconds[name] = round(time.monotonic() - started, 2)
            step("train", done, len(makers))
            started = time.monotonic()
            mlflow_id = registry.log_model(name, run_id, active.dataset, model.recipe, bench.model(name))
            if mlflow_id:
                tracked[name] = mlflow_id
            log.info("train done model=%s seconds=%.2f", name, seconds[name])
        train_stars(settings, bench, histories, films)
        whole = {name: model.recipe for name, model in makers.items()}
        challenger = _challenger(settings, tuple(recipes or makers))
        TrainedModels(active.dataset, challenger, whole, tracked).write(bench)
    return Trained(run_id, seconds)


def _makers(
    settings: Settings, names: tuple[str, ...], overrides: Mapping[str, Values], recipes: Mapping[str, Values]
) -> dict[str, Model]:
    """Make the models unfitted, popularity first."""
    folders = recipe_folders(settings.folder)
    return {
        name: from_recipe(name, recipes[name])
        if name in recipes
        else make_model(name, overrides.get(name), folders=folders)
        for name in dict.fromkeys((PopularityModel.name, *names))
    }


def _challenger(settings: Settings, names: tuple[str, ...]) -> str:
    """Return the model that asks to be published: that of the settings if it is trained, else the last one named."""
    return settings.training.published if settings.training.published in names else names[-1]
