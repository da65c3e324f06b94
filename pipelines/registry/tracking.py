"""One run a training, with a nested run a model; nothing that Playbill serves is read from here.

Everything lies under ``mlruns/`` (a SQLite database and a folder of artifacts) unless MLFLOW_TRACKING_URI names a
server. If MLflow fails, at the start or in the middle, a run says so within seconds and goes on.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from pipelines.registry.versions import Versions
from pipelines.settings import Settings

log = logging.getLogger(__name__)

EXPERIMENT = "playbill"
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
KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Has MLflow's page open on the runs; without it, on traces of language models, of which there are none."""

_OUTCOMES = {True: "promoted", False: "not promoted"}

P = ParamSpec("P")
T = TypeVar("T")
Curve = Sequence[tuple[int, float]]
"""(step, value)."""


def _never_fails(method: Callable[Concatenate[Registry, P], T]) -> Callable[Concatenate[Registry, P], T | None]:
    """Turn a failure into one warning and None; after it nothing more is asked of MLflow."""

    def call(self: Registry, /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        if self.lost:
            return None
        try:
            with _quiet("mlflow", "alembic", "urllib3", "matplotlib"):
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
        self.key = hashlib.sha256(str(settings.folder.root.resolve()).encode()).hexdigest()[:6]
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
            else self._client.create_experiment(EXPERIMENT, artifact_location=artifacts, tags=KIND)
        )

    def page(self) -> str:
        """Return where the runs are in MLflow's pages, to be put behind an address and ``#``."""
        return f"/experiments/{self._experiment}/runs"

    # -- runs ---------------------------------------------------------------------------------------------------

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str], datasets: Sequence[Mapping[str, str]] = ()) -> Iterator[str]:
        """Give a run to log into; at the end of the block it is finished, or failed where the block raises.

        Parameters
        ----------
        tags : mapping
            What the run is found by.
        datasets : sequence of mappings
            name, digest, source and profile of each batch that it learns from.

        Yields
        ------
        str
            MLflow's run id; empty where it is not tracked.
        """
        mlflow_id = self._begin(name, tags, datasets) or ""
        try:
            yield mlflow_id
        except BaseException:
            self.end(mlflow_id, "FAILED")
            raise
        self.end(mlflow_id)

    @_never_fails
    def _begin(self, name: str, tags: Mapping[str, str], datasets: Sequence[Mapping[str, str]]) -> str:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        self._end_the_dead()
        whole = {**tags, "playbill.folder": self.key}
        run = self._client.create_run(self._experiment, run_name=name, tags=whole)
        mlflow_id: str = run.info.run_id
        context = [InputTag("mlflow.data.context", "training")]
        inputs = [DatasetInput(Dataset(source_type="local", **each), context) for each in datasets]
        if inputs:
            self._client.log_inputs(mlflow_id, inputs)
        return mlflow_id

    def _end_the_dead(self) -> None:
        """End runs of this data folder that were killed: one writes in it at a time, so nothing of it is going on."""
        search = f"attributes.status = 'RUNNING' and tags.`playbill.folder` = '{self.key}'"
        for run in self._client.search_runs([self._experiment], search):
            self._client.set_terminated(run.info.run_id, "KILLED")

    @_never_fails
    def end(self, mlflow_id: str, status: str = "FINISHED") -> None:
        """End a run; one that had ended before ends now."""
        if mlflow_id:
            self._log(mlflow_id, {"system/peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})
            self._client.set_terminated(mlflow_id, status)

    @_never_fails
    def log_model(
        self, parent: str, name: str, tags: Mapping[str, str], recipe: Mapping[str, Any], seconds: float
    ) -> str:
        """Log a model that was fitted just now as a run nested in its training's; return MLflow's run id.

        Parameters
        ----------
        seconds : float
            What the fit took: the run begins so long ago.
        """
        now = time.time_ns() // 1_000_000
        whole = {**tags, "mlflow.parentRunId": parent, "playbill.folder": self.key}
        begun = now - int(seconds * 1000)
        run = self._client.create_run(self._experiment, start_time=begun, run_name=name, tags=whole)
        mlflow_id: str = run.info.run_id
        self._params(mlflow_id, recipe)
        self._log(mlflow_id, {"system/fit_seconds": seconds})
        self._client.set_terminated(mlflow_id, "FINISHED", end_time=now)
        return mlflow_id

    @_never_fails
    def log_trials(self, parent: str, tags: Mapping[str, str], metric: str, trials: Curve, values: list[Any]) -> None:
        """Log a search's trials as runs nested in its own, and the best value so far as a curve of the search."""
        best = -float("inf")
        for (number, value), recipe in zip(trials, values, strict=True):
            best = max(best, value)
            whole = {**tags, "mlflow.parentRunId": parent, "playbill.folder": self.key}
            run = self._client.create_run(self._experiment, run_name=f"trial {number}", tags=whole)
            self._params(run.info.run_id, recipe)
            self._log(run.info.run_id, {metric: value})
            self._client.set_terminated(run.info.run_id, "FINISHED")
            self._log(parent, {f"best/{metric}": best, f"trial/{metric}": value}, step=number)

    @_never_fails
    def log_params(self, mlflow_id: str, params: Mapping[str, Any]) -> None:
        """Add hyper-parameters to a run, nested ones under dotted names."""
        self._params(mlflow_id, params)

    @_never_fails
    def log_metrics(
        self, mlflow_id: str, metrics: Mapping[str, float], curves: Mapping[str, Curve] | None = None
    ) -> None:
        """Add metrics to a run, names like ``next.ndcg_at_10``, and curves, whose steps say what of."""
        self._log(mlflow_id, metrics, curves or {})

    @_never_fails
    def log_texts(self, mlflow_id: str, texts: Mapping[str, str]) -> None:
        """Add text files to a run."""
        for name, text in texts.items():
            self._client.log_text(mlflow_id, text, name)

    @_never_fails
    def log_figures(self, mlflow_id: str, make: Callable[[], Mapping[str, Any]]) -> None:
        """Draw and add pictures to a run, under ``plots/``; one that cannot be drawn fails as MLflow would."""
        for name, figure in make().items():
            self._client.log_figure(mlflow_id, figure, f"plots/{name}.png", save_kwargs={"dpi": 80})

    @_never_fails
    def log_decision(self, mlflow_ids: Sequence[str], row: Mapping[str, Any], note: str) -> None:
        """Record a decision on runs: its words as tags, its numbers as metrics, both named as in the promotion ledger.

        Parameters
        ----------
        mlflow_ids : sequence of str
            The training's run, which is then named after what came of it, and the challenger's.
        row : mapping
            A row of the promotion ledger.
        note : str
            Markdown, the first thing that a run's page shows.
        """
        from mlflow.entities import RunTag

        words = {name: value for name, value in row.items() if isinstance(value, str | bool)}
        words["reasons"] = "\n".join(row["reasons"])
        tags = [RunTag(f"gate.{name}", str(value)) for name, value in words.items()]
        tags.append(RunTag("mlflow.note.content", note))
        numbers = {name: value for name, value in row.items() if isinstance(value, int | float) and name not in words}
        self._client.update_run(mlflow_ids[0], name=f"{row['challenger']} {_OUTCOMES[bool(row['promoted'])]}")
        for mlflow_id in mlflow_ids:
            self._log(mlflow_id, {f"gate/{name}": value for name, value in numbers.items()}, tags=tags)

    # -- versions -----------------------------------------------------------------------------------------------

    @_never_fails
    def register(
        self, mlflow_id: str, dataset: str, model: Path, popularity: Path, tags: Mapping[str, str], note: str
    ) -> str:
        """Register a model's files as a version and call it the challenger; return the version's number."""
        return Versions(self._client, self.key).register(mlflow_id, dataset, model, popularity, tags, note)

    @_never_fails
    def serve(self, dataset: str, version: str | None, release_id: str, mlflow_ids: Sequence[str], note: str) -> None:
        """Call a version the champion, and say of which release it is; ``note`` is what the runs' page shows first."""
        known = [mlflow_id for mlflow_id in mlflow_ids if self._knows(mlflow_id)]
        if version is not None and known:
            Versions(self._client, self.key).serve(dataset, version, release_id)
        for mlflow_id in known:
            self._client.set_tag(mlflow_id, "playbill.release_id", release_id)
        self._client.set_experiment_tag(self._experiment, "mlflow.note.content", note)

    @_never_fails
    def version_tags(self, number: str) -> dict[str, str]:
        """Return what a registered version says of itself."""
        return Versions(self._client, self.key).tags(number)

    def _knows(self, mlflow_id: str) -> bool:
        """Tell whether a run is in this store: ``mlruns/`` may have been moved away since it was tracked."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_run(mlflow_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        return True

    # -- how ----------------------------------------------------------------------------------------------------

    def _params(self, mlflow_id: str, values: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        params = [Param(key, _text(value)) for key, value in _flat(values).items()]
        for start in range(0, len(params), PARAMS_AT_ONCE):
            self._client.log_batch(mlflow_id, params=params[start : start + PARAMS_AT_ONCE])

    def _log(
        self, mlflow_id: str, metrics: Mapping[str, float], curves: Mapping[str, Curve] | None = None, *,
        step: int = 0, tags: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        points = [Metric(key, value, now, step) for key, value in metrics.items()]
        points += [Metric(key, value, now, at) for key, curve in (curves or {}).items() for at, value in curve]
        self._client.log_batch(mlflow_id, metrics=points, tags=tags)


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:VALUE_LENGTH]


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
