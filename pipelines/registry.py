"""MLflow, and the only module that imports it: runs, metrics, artifacts and the registered champion.

Everything lies under ``mlruns/`` (a SQLite database and a folder of artifacts) unless MLFLOW_TRACKING_URI names a
server. Nothing that Playbill serves is read from here; if MLflow fails, at the start or in the middle, a run says so
within seconds and goes on.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from pipelines.settings import Settings

log = logging.getLogger(__name__)

EXPERIMENT = "playbill"
REGISTERED = "playbill"
CHAMPION = "champion"
PATIENCE = {
    # MLflow's own defaults wait four minutes for a server that is not there
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""Environment variables of MLflow that are set where the user has not set them."""
PARAMS_AT_ONCE = 100
"""MLflow's limit of one call."""
VALUE_LENGTH = 6000
"""MLflow's limit of a hyper-parameter's text."""

P = ParamSpec("P")
T = TypeVar("T")


def _never_fails(method: Callable[Concatenate[Registry, P], T]) -> Callable[Concatenate[Registry, P], T | None]:
    """Turn a failure into one warning and None; after it nothing more is asked of MLflow."""

    def call(self: Registry, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        if self.lost:
            return None
        try:
            with _quiet("mlflow", "alembic", "urllib3"):
                return method(self, *args, **kwargs)
        except Exception as error:  # MLflow's, SQLAlchemy's and each artifact store's errors share no other base
            self.lost = True
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            log.warning("mlflow failed, what follows is not tracked at=%s reason=%s", method.__name__, reason)
            return None

    update_wrapper(call, method)
    return call


class Registry:
    """Logs one data folder's models; no method raises, and each returns None once MLflow has failed.

    Attributes
    ----------
    lost : bool
        Whether MLflow has failed.
    """

    def __init__(self, settings: Settings) -> None:
        self.lost = False
        self._client: Any = None
        self._experiment = ""
        self.open(settings)

    @_never_fails
    def open(self, settings: Settings) -> None:
        """Open the tracking store, which takes seconds the first time."""
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        uri, artifacts = settings.mlflow_tracking_uri, None
        if uri is None:
            settings.mlruns.mkdir(parents=True, exist_ok=True)
            uri, artifacts = f"sqlite:///{settings.mlruns / 'mlflow.db'}", (settings.mlruns / "artifacts").as_uri()
        self._client = MlflowClient(tracking_uri=uri)
        experiment = self._client.get_experiment_by_name(EXPERIMENT)
        self._experiment = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(EXPERIMENT, artifact_location=artifacts)
        )

    @_never_fails
    def log_model(self, name: str, run_id: str, dataset: str, recipe: Mapping[str, Any], folder: Path) -> str:
        """Log a trained model, its hyper-parameters and its files; return MLflow's run id."""
        from mlflow.entities import Param

        tags = {"playbill.run_id": run_id, "playbill.dataset": dataset, "playbill.model": name}
        run = self._client.create_run(self._experiment, run_name=f"{name} {run_id}", tags=tags)
        mlflow_id: str = run.info.run_id
        params = [Param(key, str(value)[:VALUE_LENGTH]) for key, value in _flat(recipe).items()]
        for start in range(0, len(params), PARAMS_AT_ONCE):
            self._client.log_batch(mlflow_id, params=params[start : start + PARAMS_AT_ONCE])
        self._client.log_artifacts(mlflow_id, str(folder), artifact_path="model")
        self._client.set_terminated(mlflow_id, "FINISHED")
        return mlflow_id

    @_never_fails
    def log_metrics(self, mlflow_id: str, metrics: Mapping[str, float]) -> None:
        """Add metrics to a model's run; names like ``next.ndcg_at_10``."""
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        self._client.log_batch(mlflow_id, metrics=[Metric(key, value, now, 0) for key, value in metrics.items()])

    @_never_fails
    def log_decision(self, mlflow_id: str, row: Mapping[str, Any]) -> None:
        """Record a decision of the promotion gate on the model that asked: its words as tags, its numbers as metrics.

        Parameters
        ----------
        row : mapping
            A row of the promotion ledger.
        """
        from mlflow.entities import Metric, RunTag

        now = time.time_ns() // 1_000_000
        words = {name: value for name, value in row.items() if isinstance(value, str | bool)}
        words["reasons"] = "\n".join(row["reasons"])
        tags = [RunTag(f"gate.{name}", str(value)) for name, value in words.items()]
        numbers = {name: value for name, value in row.items() if isinstance(value, int | float) and name not in words}
        metrics = [Metric(f"gate.{name}", value, now, 0) for name, value in numbers.items()]
        self._client.log_batch(mlflow_id, tags=tags, metrics=metrics)

    @_never_fails
    def version_tags(self, number: str) -> dict[str, str]:
        """Return what a registered version says of itself."""
        return dict(self._client.get_model_version(REGISTERED, number).tags)

    @_never_fails
    def register_champion(self, mlflow_id: str, tags: Mapping[str, str]) -> str:
        """Register a run's model files as a new version and name it champion; return the version."""
        if not self._client.search_registered_models(filter_string=f"name = '{REGISTERED}'"):
            self._client.create_registered_model(REGISTERED)
        source = f"{self._client.get_run(mlflow_id).info.artifact_uri}/model"
        version = self._client.create_model_version(REGISTERED, source, mlflow_id, tags=dict(tags))
        self._client.set_registered_model_alias(REGISTERED, CHAMPION, version.version)
        return str(version.version)


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
