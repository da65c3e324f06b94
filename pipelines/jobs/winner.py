"""The winner: the model that ranks a release, with its arrays and what is known of it, wherever it was trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.blend.catalogue import load_model
from pipelines.jobs.champion import rows_of, trained_for
from pipelines.jobs.handover import Measured, Ranking, TrainedModels
from pipelines.jobs.stars import Stars, stars_of
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityModel
from pipelines.runs import Workbench
from warehouse.contracts.release import MODEL_METRICS, SCORE_CHANCES
from warehouse.folder import DataFolder
from warehouse.store import Release, ReleaseStore


@dataclass(frozen=True)
class Winner:
    """A model that ranks everybody's films.

    Attributes
    ----------
    arrays, popularity : Path
        Its saved arrays, and those of the popularity that fills its lists up.
    mlflow_run_id, mlflow_version : str or None
        MLflow's run of its training, and its number there, where that was tracked.
    headline : dict
        Its own figures over everybody, measured when it was trained: ``next.ndcg`` and so on.
    metrics : list of dict
        Rows of ``model_metrics``, measured then.
    trained_for : str or None
        The release that it was trained for; None when this run trained it.
    chances : list of dict
        Rows of ``score_chances``: what its scores, and those of the models measured beside it, promise.
    stars : Stars or None
        What predicts ratings, where that was trained.
    blend : dict or None
        How its channels' weights were learned, as `TrainedModels.lessons` has it without the recipe it began with;
        None where they were not.
    asked : str or None
        The hash of its recipe before its weights were learned.
    """

    name: str
    arrays: Path
    popularity: Path
    recipe: dict[str, Any]
    mlflow_run_id: str | None
    mlflow_version: str | None
    headline: dict[str, float | None]
    metrics: list[dict[str, Any]]
    trained_for: str | None
    chances: list[dict[str, Any]]
    stars: Stars | None
    blend: dict[str, Any] | None
    asked: str | None

    def load(self) -> tuple[Model, PopularityModel]:
        """Load the model and the popularity; raises ModelFormatError where this version cannot."""
        return load_model(self.arrays), PopularityModel.load(self.popularity)


def winner_of(folder: DataFolder, bench: Workbench, dataset: str, gate: str) -> Winner:
    """Return the model that the run's promotion has named.

    Parameters
    ----------
    gate : str
        The protocol whose test ratings say what scores promise.

    Raises
    ------
    EmptyLakeError
        If a stage before has not run, or ran on another data set.
    UnknownReleaseError
        If the release whose arrays go on ranking was removed meanwhile.
    """
    ranking = Ranking.read(bench)
    if ranking.release_id is None:
        return _of_run(bench, ranking.model, TrainedModels.read(bench, dataset), gate)
    return winner_of_release(ReleaseStore(folder).get(ranking.release_id, older=True), bench)


def _of_run(bench: Workbench, name: str, trained: TrainedModels, gate: str) -> Winner:
    popularity = bench.model(PopularityModel.name)
    measured = Measured.read(bench)
    rows = measured.rows
    own = [row for row in rows if row["model"] == name and row["segment"] == "all"]
    headline = {f"{row['protocol']}.{row['metric']}": row["value"] for row in own}
    tracked, version = trained.mlflow.get(name), trained.mlflow_version if name == trained.challenger else None
    lesson = trained.lessons.get(name)
    blend = None if lesson is None else {key: value for key, value in lesson.items() if key != "begun"}
    return Winner(
        name, bench.model(name), popularity, trained.recipes[name], tracked, version, headline, rows, None,
        measured.chances.get(gate, []), stars_of(bench, None), blend, trained.asked.get(name),
    )  # fmt: skip


def winner_of_release(release: Release, bench: Workbench) -> Winner:
    """Return a release's model; the run's popularity fills up where it trained one, as that knows the newest films."""
    fresh, name = bench.model(PopularityModel.name), release.manifest["model"]
    return Winner(
        name,
        release.models / name,
        fresh if fresh.exists() else release.models / PopularityModel.name,
        release.manifest["recipe"],
        release.manifest["mlflow_run_id"],
        release.manifest.get("mlflow_version"),
        release.manifest["metrics"],
        rows_of(release, MODEL_METRICS),
        trained_for(release),
        rows_of(release, SCORE_CHANCES),
        stars_of(bench, release),
        release.manifest.get("blend"),
        release.manifest.get("recipe_asked"),
    )
