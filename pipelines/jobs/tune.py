"""Tune: search a model's hyper-parameters on validation scores and write what won as a recipe."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from pipelines.choice.recipes import file_name, recipe_folders, to_toml
from pipelines.choice.tuning import Tuned
from pipelines.choice.tuning import tune as search
from pipelines.jobs.measure import Measurable, show
from pipelines.jobs.tracking import tags_of
from pipelines.registry import Registry
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from warehouse.files import write_text

log = logging.getLogger(__name__)


def tune(
    settings: Settings, chosen: Measurable, name: str, protocol: str, *, trials: int, out: Path | None = None
) -> tuple[Tuned, Path]:
    """Search, and write the recipe; stopped and started again, the search goes on where it was.

    Parameters
    ----------
    out : Path, optional
        Where to write; by default in the data folder's ``recipes/``, where models trained there find it.

    Returns
    -------
    Tuned, Path
        What was found, and the file that holds it.
    """
    folder = settings.folder
    folder.root.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    storage = f"sqlite:///{folder.root / f'tuning-{chosen.dataset}.db'}"
    tuned = search(
        name, chosen.ratings, chosen.films, protocol,
        trials=trials, seed=settings.random_state, folders=recipe_folders(folder), storage=storage, progress=show,
    )  # fmt: skip
    target = out or folder.recipes / file_name(name, protocol)
    comment = (
        f"Chosen by `playbill tune {name} --protocol {protocol}` on the validation part of {chosen.dataset}:\n"
        f"{tuned.metric} {tuned.value:.4f} after {tuned.trials} trials (seed {settings.random_state}), "
        f"{tuned.start:.4f} before."
    )
    write_text(target, to_toml(tuned.recipe, comment))
    _track(settings, chosen, tuned, time.monotonic() - started)
    log.info("tune done model=%s protocol=%s trials=%d value=%.4f", name, protocol, tuned.trials, tuned.value)
    return tuned, target


def _track(settings: Settings, chosen: Measurable, tuned: Tuned, seconds: float) -> None:
    """Put the search into MLflow: a run, and a run nested in it for each trial; it is over, so nothing stays open."""
    registry = Registry(settings)
    about = {"playbill.stage": "tune", "playbill.model": tuned.name, "playbill.protocol": tuned.protocol}
    tags = tags_of(settings, new_run_id(), chosen.dataset, **about)
    name = f"{tuned.protocol}.{tuned.metric.replace('@', '_at_')}"
    with registry.run(f"tune {tuned.name} {tuned.protocol}", tags, chosen.datasets, took=seconds) as parent:
        values = [value for value, _ in tuned.tried]
        registry.log_trials(parent, tags, name, list(enumerate(worth for _, worth in tuned.tried)), values)
        registry.log_metrics(parent, {name: tuned.value, f"{name}.before": tuned.start})
        registry.log_params(parent, tuned.recipe)
