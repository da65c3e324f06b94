"""Reuse: what the current release can lend a new run — its champion's recipe, or its arrays as they are."""

from __future__ import annotations

import logging
import shutil
from typing import Any

from pipelines.models.popularity import PopularityModel
from pipelines.runs import clear_others, workbench
from pipelines.settings import Settings
from warehouse.db import connect
from warehouse.errors import NoReleaseError, ReleaseError
from warehouse.lock import writing
from warehouse.store import ReleaseStore

log = logging.getLogger(__name__)


def champion_recipe(settings: Settings, dataset: str) -> tuple[str, dict[str, Any]] | None:
    """Return the served model's name and hyper-parameters, or None where no model has won on this data set."""
    try:
        manifest = ReleaseStore(settings.folder).current().manifest
    except ReleaseError:
        return None
    if manifest["dataset"] != dataset or manifest["model"] == PopularityModel.name:
        return None
    return manifest["model"], manifest["recipe"]


def reuse_arrays(settings: Settings, run_id: str, dataset: str) -> str:
    """Put the current release's models on the workbench, ready to be published with fresh histories.

    Returns
    -------
    str
        The release that lent them.

    Raises
    ------
    NoReleaseError
        If there is no release of this data set to take them from.
    """
    folder = settings.folder
    release = ReleaseStore(folder).current()
    if release.manifest["dataset"] != dataset:
        raise NoReleaseError(
            f"release {release.release_id} is of {release.manifest['dataset']}, not {dataset}; run with --train all"
        )
    bench = workbench(folder, run_id)
    with writing(folder):
        clear_others(folder, run_id)
        bench.path.mkdir(parents=True, exist_ok=True)
        for saved in release.models.iterdir():
            shutil.copytree(saved, bench.model(saved.name), dirs_exist_ok=True)
        with connect(release.database, read_only=True) as con:
            rows = con.sql("SELECT * FROM model_metrics").to_arrow_table().to_pylist()
        model, mlflow_id = release.manifest["model"], release.manifest["mlflow_run_id"]
        tracked = {model: mlflow_id} if mlflow_id else {}
        recipes = {row["model"]: row["recipe"] for row in rows} | {model: release.manifest["recipe"]}
        bench.write("train", {"dataset": dataset, "recipes": recipes, "mlflow": tracked, "seconds": {}})
        bench.write("evaluate", {"protocol": settings.training.gate, "rows": rows, "ndcg": {}})
        bench.write("promote", {"published": model, "reasons": [f"arrays of release {release.release_id}"]})
    log.info("reuse done release=%s model=%s", release.release_id, model)
    return release.release_id
