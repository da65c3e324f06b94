"""MLflow's tracking store: where it lies, the one experiment in it, and what its page of runs shows first."""

from __future__ import annotations

import json
import os
from typing import Any

from pipelines.settings import Settings

EXPERIMENT = "playbill"
PATIENCE = {
    # MLflow's own defaults wait four minutes for a server that is not there
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""Environment variables of MLflow that are set where the user has not set them."""
KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Has MLflow's page open on the runs; without it, on traces of language models, of which there are none."""
VIEW = "playbill"
"""The saved view of the page of runs, as its address names it."""
COLUMNS = {
    "metrics.`next.ndcg_at_10`": 120, "metrics.`gate/difference`": 120, "tags.`gate.champion`": 115,
    "tags.`playbill.release_id`": 185, "metrics.`next.ndcg_at_10.low`": 155, "metrics.`next.ndcg_at_10.high`": 155,
    "attributes.`Dataset`": 190, "attributes.`Duration`": 90, "attributes.`Source`": 130,
}  # fmt: skip
"""How good, against what, in which release, with widths in pixels; MLflow's own choice of columns has no number."""
_MADE = 1_763_700_000_000


def open_store(settings: Settings) -> tuple[Any, str]:
    """Return a client of the tracking store, which takes seconds to make the first time, and the experiment's id."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    uri, artifacts = settings.mlflow_tracking_uri, None
    if uri is None:
        settings.mlruns.mkdir(parents=True, exist_ok=True)
        uri, artifacts = f"sqlite:///{settings.mlruns / 'mlflow.db'}", (settings.mlruns / "artifacts").as_uri()
    client = MlflowClient(tracking_uri=uri)
    tags = {**KIND, f"mlflow.sharedViewState.{VIEW}": _view()}
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return client, client.create_experiment(EXPERIMENT, artifact_location=artifacts, tags=tags)
    for name, value in tags.items():
        if experiment.tags.get(name) != value:
            client.set_experiment_tag(experiment.experiment_id, name, value)
    return client, experiment.experiment_id


def page_of(experiment: str) -> str:
    """Return where the runs are in MLflow's pages, to be put behind an address and ``#``."""
    return f"/experiments/{experiment}/runs?viewStateShareKey={VIEW}&workflowType=machine_learning"


def _view() -> str:
    """Return the saved view as MLflow's page keeps one in a tag of the experiment."""
    state = {
        "orderByKey": "attributes.start_time", "orderByAsc": False,
        "selectedColumns": list(COLUMNS), "columnOrder": list(COLUMNS), "columnWidths": COLUMNS,
    }  # fmt: skip
    return json.dumps({"name": "Trainings", "createdAt": _MADE, "updatedAt": _MADE, "state": json.dumps(state)})
