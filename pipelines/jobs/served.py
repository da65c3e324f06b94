"""Served: MLflow's champion is the model of the release that is served, after a publish and after a rollback alike."""

from __future__ import annotations

from pipelines.jobs.champion import rows_of
from pipelines.jobs.tracking import served_note
from pipelines.registry import Registry
from pipelines.settings import Settings
from warehouse import ledgers
from warehouse.contracts.release import MODEL_METRICS
from warehouse.store import ReleaseStore


def follow(settings: Settings) -> None:
    """Have MLflow call the served release's model the champion; nothing happens where it was not tracked."""
    release = ReleaseStore(settings.folder).current()
    facts = release.manifest
    if facts.get("mlflow_run_id") is None:
        return
    decisions = [row for row in ledgers.read(settings.folder, "promotion") if row["dataset"] == facts["dataset"]]
    # by the model's own run in MLflow, as the release that it was trained for may have been removed
    own = (row for row in decisions if row["mlflow_run_id"] == facts["mlflow_run_id"])
    won = next((row for row in own if row["promoted"] and row["difference"] is not None), None)
    note = served_note(facts, rows_of(release, MODEL_METRICS), won, next(iter(decisions), None))
    Registry(settings).serve(release, note)
