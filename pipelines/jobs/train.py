"""Train: the run's models on all ratings, each saved on the workbench and logged to MLflow."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.choice.recipes import make_model
from pipelines.jobs.active import active_set
from pipelines.models.parts.sharing import fit_all
from pipelines.models.popularity import PopularityModel
from pipelines.people.reader import read_films, read_people
from pipelines.progress import step
from pipelines.registry import open_registry
from pipelines.runs import clear_others, workbench
from pipelines.settings import Settings
from warehouse.lock import writing

log = logging.getLogger(__name__)


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
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Trained:
    """Fit models on every rating there is.

    Parameters
    ----------
    models : tuple of str, optional
        By default those of the settings; popularity is always among them, as it fills the lists up.
    overrides : mapping of model name to hyper-parameters, optional
        Values that take the place of the recipe's.

    Raises
    ------
    UnknownModelError, ConfigError
        If a model or hyper-parameter is unknown; nothing is trained then.
    EmptyLakeError
        If the warehouse has not been built.
    """
    names = dict.fromkeys((PopularityModel.name, *(models or settings.training.models)))
    makers = {name: make_model(name, dict((overrides or {}).get(name, {}))) for name in names}
    folder = settings.folder
    people, films, active = read_people(folder), read_films(folder), active_set(folder)
    histories = people.histories_in(films)
    registry = open_registry(settings)
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
            params = model.config.model_dump()
            if registry is not None:
                tracked[name] = registry.log_model(name, run_id, active.dataset, params, bench.model(name))
            log.info("train done model=%s seconds=%.2f", name, seconds[name])
        recipes = {name: model.config.model_dump() for name, model in makers.items()}
        bench.write("train", {"dataset": active.dataset, "recipes": recipes, "mlflow": tracked, "seconds": seconds})
    return Trained(run_id, seconds)
