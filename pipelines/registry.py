"""MLflow, and the only module that imports it: runs, metrics, artifacts and the registered champion.

Everything lies under ``mlruns/`` (a SQLite database and a folder of artifacts) unless MLFLOW_TRACKING_URI names a
server. Nothing that Playbill serves is read from here; if MLflow fails, a run goes on and says so.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.settings import Settings

log = logging.getLogger(__name__)

EXPERIMENT = "playbill"
REGISTERED = "playbill"
CHAMPION = "champion"


class Registry:
    """Logs one data folder's models. Building it opens the tracking store, which takes seconds the first time."""

    def __init__(self, settings: Settings) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        home = settings.mlruns
        home.mkdir(parents=True, exist_ok=True)
        uri = settings.mlflow_tracking_uri or f"sqlite:///{home / 'mlflow.db'}"
        with _quiet("alembic", "mlflow"):
            self._client = MlflowClient(tracking_uri=uri)
            found = self._client.get_experiment_by_name(EXPERIMENT)
            artifacts = None if settings.mlflow_tracking_uri else (home / "artifacts").as_uri()
            self._experiment = (
                found.experiment_id
                if found
                else self._client.create_experiment(EXPERIMENT, artifact_location=artifacts)
            )

    def log_model(self, name: str, run_id: str, dataset: str, params: Mapping[str, Any], folder: Path) -> str:
        """Log a trained model, its hyper-parameters and its files; return MLflow's run id."""
        tags = {"playbill.run_id": run_id, "playbill.dataset": dataset, "playbill.model": name}
        run = self._client.create_run(self._experiment, run_name=f"{name} {run_id}", tags=tags)
        mlflow_id: str = run.info.run_id
        for key, value in _flat(params).items():
            self._client.log_param(mlflow_id, key, value)
        self._client.log_artifacts(mlflow_id, str(folder), artifact_path="model")
        self._client.set_terminated(mlflow_id, "FINISHED")
        return mlflow_id

    def log_metrics(self, mlflow_id: str, metrics: Mapping[str, float]) -> None:
        """Add metrics to a model's run; names like ``next.ndcg_at_10``."""
        for key, value in metrics.items():
            self._client.log_metric(mlflow_id, key, float(value))

    def log_decision(self, mlflow_id: str, promoted: bool, reasons: list[str]) -> None:
        """Record a decision of the promotion gate, in words, on the model that asked."""
        self._client.set_tag(mlflow_id, "playbill.promoted", str(promoted).lower())
        self._client.set_tag(mlflow_id, "playbill.reasons", "\n".join(reasons))

    def register_champion(self, mlflow_id: str, tags: Mapping[str, str]) -> str:
        """Register a run's model files as a new version and name it champion; return the version."""
        with _quiet("mlflow", "alembic"):
            if not self._client.search_registered_models(filter_string=f"name = '{REGISTERED}'"):
                self._client.create_registered_model(REGISTERED)
            source = f"{self._client.get_run(mlflow_id).info.artifact_uri}/model"
            version = self._client.create_model_version(REGISTERED, source, mlflow_id, tags=dict(tags))
            self._client.set_registered_model_alias(REGISTERED, CHAMPION, version.version)
        return str(version.version)


def open_registry(settings: Settings) -> Registry | None:
    """Open the tracking store, or say why it cannot be and return None: tracking never stops a run."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return Registry(settings)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        log.warning("mlflow cannot be reached, this run is not tracked reason=%s", str(error).splitlines()[0])
        return None


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in params.items():
        flat.update(_flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value})
    return flat


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Keep other libraries' notes about their own database out of our log."""
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
