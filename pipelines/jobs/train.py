"""Train: the run's models on all ratings, each saved on the workbench and logged to MLflow.

A blend's weights are learned first, on the validation part of the gate's protocol.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.choice.learning import Learner
from pipelines.choice.recipes import from_recipe, make_model, recipe_folders, recipe_hash
from pipelines.jobs.active import Active, active_set
from pipelines.jobs.champion import asked_of
from pipelines.jobs.evaluate import ratings_of
from pipelines.jobs.handover import TrainedModels
from pipelines.jobs.stars import train_stars
from pipelines.jobs.tracked_data import datasets_of
from pipelines.jobs.tracking import tags_of
from pipelines.models.base import Model
from pipelines.models.parts.sharing import fit_all
from pipelines.models.popularity import PopularityModel
from pipelines.people.reader import read_films, read_people, read_tags
from pipelines.progress import step
from pipelines.registry import Registry
from pipelines.runs import clear_others, workbench
from pipelines.settings import Settings
from warehouse.folder import DataFolder
from warehouse.lock import writing

log = logging.getLogger(__name__)

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Trained:
    """The models on the workbench, and the seconds each took; a member that the hybrid fitted took none of its own.

    ``lessons`` is what was learned of a blend's weights, by model, as `TrainedModels` has it.
    """

    run_id: str
    seconds: dict[str, float]
    lessons: dict[str, dict[str, Any]] = field(default_factory=dict)


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
    ratings = ratings_of(people, films, read_tags(folder, people, films))
    learner = Learner(settings.training.gate, ratings, films, settings.random_state, _show)
    registry, tags = Registry(settings), tags_of(settings, run_id, active.dataset)
    bench = workbench(folder, run_id)
    seconds: dict[str, float] = {}
    tracked: dict[str, str] = {}
    datasets = datasets_of(folder, active)
    tracking = registry.run(f"{active.dataset} {run_id}", tags, datasets)
    with writing(folder), tracking as parent:
        clear_others(folder, run_id)
        chosen, lessons = _learn(makers, learner)
        step("train", 0, len(makers))
        started = time.monotonic()
        for done, (name, model) in enumerate(fit_all(chosen, histories, films, ready=learner.ready), start=1):
            model.save(bench.model(name))
            seconds[name] = round(time.monotonic() - started, 2)
            step("train", done, len(makers))
            started = time.monotonic()
            own = {**tags, "playbill.model": name, "playbill.recipe_hash": recipe_hash(name, model.recipe)}
            mlflow_id = registry.log_model(parent, name, own, model.recipe, datasets, seconds=seconds[name])
            if mlflow_id:
                tracked[name] = mlflow_id
                registry.log_metrics(mlflow_id, _named(lessons.get(name)))
            log.info("train done model=%s seconds=%.2f", name, seconds[name])
        train_stars(settings, bench, histories, films)
        whole = {name: model.recipe for name, model in chosen.items()}
        challenger = _challenger(settings, tuple(recipes or makers))
        registry.log_params(parent, {
            "challenger": challenger, "recipe_hash": recipe_hash(challenger, whole[challenger]), "models": list(makers),
            "dataset": active.dataset, "random_state": settings.random_state,
        })  # fmt: skip
    asked = _asked(folder, active, chosen, lessons)
    tracked = {} if registry.lost else tracked  # known only when the run has been ended
    made = TrainedModels(active.dataset, challenger, whole, tracked, parent, lessons=lessons, asked=asked)
    made.write(bench)
    return Trained(run_id, seconds, lessons)


def _learn(makers: dict[str, Model], learner: Learner) -> tuple[dict[str, Model], dict[str, dict[str, Any]]]:
    """Learn what recipes leave to be learned; return all models, unfitted, and what was learned of which."""
    models, lessons = {}, {}
    for name, model in makers.items():
        started = time.monotonic()
        models[name] = learner.learn(model)
        lesson = learner.lessons.pop(0, None)
        if lesson is not None:
            lessons[name] = {"protocol": learner.protocol, "begun": model.recipe, **lesson.record()}
            log.info(
                "weights learned model=%s chosen=%s people=%d channels=%d seconds=%.2f",
                name, lesson.chosen, lesson.people, len(lesson.weights), time.monotonic() - started,
            )  # fmt: skip
    return models, lessons


def _asked(
    folder: DataFolder, active: Active, models: Mapping[str, Model], lessons: Mapping[str, dict[str, Any]]
) -> dict[str, str]:
    """Return the hash of each recipe as it was asked for, before its weights were learned."""
    return {
        name: recipe_hash(name, lessons[name]["begun"])
        if name in lessons
        else asked_of(folder, active.dataset, name, model.recipe)
        for name, model in models.items()
    }


def _named(lesson: dict[str, Any] | None) -> dict[str, float]:
    """Return what each channel weighs and adds under MLflow's names: ``channel.ease.last_three.gain``."""
    worth = [] if lesson is None else lesson["worth"]
    return {f"channels/{one['channel']}.{key}": one[key] for one in worth for key in ("weight", "gain", "low", "high")}


def _show(line: str) -> None:
    step(line, 0, None)


def _makers(
    settings: Settings, names: tuple[str, ...], overrides: Mapping[str, Values], recipes: Mapping[str, Values]
) -> dict[str, Model]:
    """Make the models unfitted, popularity first."""
    folders = recipe_folders(settings.folder)
    return {
        name: from_recipe(name, recipes[name])
        if name in recipes
        else make_model(name, _as_given(overrides.get(name)), folders=folders)
        for name in dict.fromkeys((PopularityModel.name, *names))
    }


def _as_given(values: Values | None) -> Values | None:
    """Return the overrides; weights that somebody set by hand are kept, not learned from."""
    by_hand = any(key.partition(".")[0] == "weights" for key in values or {})
    return {"channels": (), **(values or {})} if by_hand else values


def _challenger(settings: Settings, names: tuple[str, ...]) -> str:
    """Return the model that asks to be published: that of the settings if it is trained, else the last one named."""
    return settings.training.published if settings.training.published in names else names[-1]
