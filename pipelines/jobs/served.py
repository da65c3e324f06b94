"""Served: MLflow's champion is the model of the release that is served, after a publish and after a rollback alike."""

from __future__ import annotations

from pipelines.jobs.promotion_record import decision_of
from pipelines.jobs.tracking import served_note
from pipelines.registry import Registry
from pipelines.settings import Settings
from warehouse.store import ReleaseStore


def follow(settings: Settings) -> None:
    """Have MLflow call the served release's model the champion; nothing happens where it was not tracked."""
    release = ReleaseStore(settings.folder).current()
    facts = release.manifest
    if facts.get("mlflow_run_id") is None:
        return
    Registry(settings).serve(
        facts["dataset"], facts.get("mlflow_version"), release.release_id, [facts["mlflow_run_id"]],
        served_note(facts, release.release_id, decision_of(settings.folder, facts["run_id"])),
    )  # fmt: skip
