"""One run a training, with a nested run a model; nothing that Playbill serves is read from here.

Everything lies under ``mlruns/`` (a SQLite database and a folder of artifacts) unless MLFLOW_TRACKING_URI names a
server. If MLflow fails, at the start or in the middle, a run says so within seconds and goes on.
"""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.registry.entries import Curve, write_datasets, write_metrics, write_params
from pipelines.registry.store import open_store, page_of
from pipelines.registry.tolerance import never_fails
from pipelines.registry.versions import Versions
from pipelines.settings import Settings
from warehouse.store import Release

_OUTCOMES = {True: "promoted", False: "not promoted"}


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
        self._scratch = settings.folder.models
        self._client: Any = None
        self._experiment = ""
        self.open(settings)

    @never_fails
    def open(self, settings: Settings) -> None:
        """Open the tracking store."""
        self._client, self._experiment = open_store(settings)

    def page(self) -> str:
        """Return where the runs are in MLflow's pages, to be put behind an address and ``#``."""
        return page_of(self._experiment)

    # -- runs ---------------------------------------------------------------------------------------------------

    @contextmanager
    def run(
        self,
        name: str,
        tags: Mapping[str, str],
        datasets: Sequence[Mapping[str, str]] = (),
        *,
        took: float | None = None,
    ) -> Iterator[str]:
        """Give a run to log into; at the end of the block it is finished, or failed where the block raises.

        Parameters
        ----------
        tags : mapping
            What the run is found by.
        datasets : sequence of mappings
            name, digest, source, profile and schema of each batch that it learns from.
        took : float, optional
            Seconds of what is over already: the run began so long ago. Such a command may go on beside another that
            holds the data folder, so runs that seem to be going on are left alone.

        Yields
        ------
        str
            MLflow's run id; empty where it is not tracked.
        """
        mlflow_id = self._begin(name, tags, datasets, took) or ""
        try:
            yield mlflow_id
        except BaseException:
            self.end(mlflow_id, "FAILED")
            raise
        self.end(mlflow_id)

    @never_fails
    def _begin(
        self, name: str, tags: Mapping[str, str], datasets: Sequence[Mapping[str, str]], took: float | None
    ) -> str:
        if took is None:
            self._end_the_dead()
        whole = {**tags, "playbill.folder": self.key}
        begun = time.time_ns() // 1_000_000 - int((took or 0) * 1000)
        run = self._client.create_run(self._experiment, start_time=begun, run_name=name, tags=whole)
        mlflow_id: str = run.info.run_id
        write_datasets(self._client, mlflow_id, datasets)
        return mlflow_id

    def _end_the_dead(self) -> None:
        """End runs of this data folder that were killed: one writes in it at a time, so nothing of it is going on."""
        search = f"attributes.status = 'RUNNING' and tags.`playbill.folder` = '{self.key}'"
        for run in self._client.search_runs([self._experiment], search):
            self._client.set_terminated(run.info.run_id, "KILLED")

    @never_fails
    def end(self, mlflow_id: str, status: str = "FINISHED") -> None:
        """End a run; one that had ended before ends now."""
        if mlflow_id:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            write_metrics(self._client, mlflow_id, {"system/peak_memory_mb": peak})
            self._client.set_terminated(mlflow_id, status)

    @never_fails
    def log_model(
        self, parent: str, name: str, tags: Mapping[str, str], recipe: Mapping[str, Any],
        datasets: Sequence[Mapping[str, str]] = (), *, seconds: float | None = None,
    ) -> str:  # fmt: skip
        """Log a model as a run nested in its training's or evaluation's; return MLflow's run id.

        Parameters
        ----------
        seconds : float, optional
            What its fit, ended just now, took: the run begins so long ago.
        """
        now = time.time_ns() // 1_000_000
        whole = {**tags, "mlflow.parentRunId": parent, "playbill.folder": self.key}
        begun = now - int((seconds or 0) * 1000)
        run = self._client.create_run(self._experiment, start_time=begun, run_name=name, tags=whole)
        mlflow_id: str = run.info.run_id
        write_datasets(self._client, mlflow_id, datasets)
        write_params(self._client, mlflow_id, recipe)
        if seconds is not None:
            write_metrics(self._client, mlflow_id, {"system/fit_seconds": seconds})
        self._client.set_terminated(mlflow_id, "FINISHED", end_time=now)
        return mlflow_id

    @never_fails
    def log_trials(self, parent: str, tags: Mapping[str, str], metric: str, trials: Curve, values: list[Any]) -> None:
        """Log a search's trials as runs nested in its own, and the best value so far as a curve of the search."""
        best = -float("inf")
        for (number, value), recipe in zip(trials, values, strict=True):
            best = max(best, value)
            whole = {**tags, "mlflow.parentRunId": parent, "playbill.folder": self.key}
            run = self._client.create_run(self._experiment, run_name=f"trial {number}", tags=whole)
            write_params(self._client, run.info.run_id, recipe)
            write_metrics(self._client, run.info.run_id, {metric: value})
            self._client.set_terminated(run.info.run_id, "FINISHED")
            write_metrics(self._client, parent, {f"best/{metric}": best, f"trial/{metric}": value}, step=number)

    @never_fails
    def log_params(self, mlflow_id: str, params: Mapping[str, Any]) -> None:
        """Add hyper-parameters to a run, nested ones under dotted names."""
        write_params(self._client, mlflow_id, params)

    @never_fails
    def log_metrics(
        self, mlflow_id: str, metrics: Mapping[str, float], curves: Mapping[str, Curve] | None = None
    ) -> None:
        """Add metrics to a run, names like ``next.ndcg_at_10``, and curves, whose steps say what of."""
        write_metrics(self._client, mlflow_id, metrics, curves or {})

    @never_fails
    def log_texts(self, mlflow_id: str, texts: Mapping[str, str]) -> None:
        """Add text files to a run."""
        for name, text in texts.items():
            self._client.log_text(mlflow_id, text, name)

    @never_fails
    def log_figures(self, mlflow_id: str, make: Callable[[], Mapping[str, Any]]) -> None:
        """Draw and add pictures to a run, under ``plots/``; one that cannot be drawn fails as MLflow would."""
        for name, figure in make().items():
            self._client.log_figure(mlflow_id, figure, f"plots/{name}.png", save_kwargs={"dpi": 80})

    @never_fails
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
            write_metrics(
                self._client, mlflow_id, {f"gate/{name}": value for name, value in numbers.items()}, tags=tags
            )

    # -- versions -----------------------------------------------------------------------------------------------

    @never_fails
    def register(
        self, mlflow_id: str, dataset: str, model: Path, popularity: Path, tags: Mapping[str, str], note: str
    ) -> str:
        """Register a model's files as a version and call it the challenger; return the version's number."""
        return self._versions().register(mlflow_id, dataset, model, popularity, tags, note)

    @never_fails
    def serve(self, release: Release, note: str) -> None:
        """Call the model of a release the champion, and say of which release it is.

        Parameters
        ----------
        note : str
            What the runs' page shows first.
        """
        facts, release_id = release.manifest, release.release_id
        mlflow_id, version = facts["mlflow_run_id"], facts.get("mlflow_version")
        runs = self._with_training(mlflow_id)
        if version is not None and runs:
            models = (release.models / name for name in (facts["model"], facts["filler"]))
            self._versions().serve(facts["dataset"], version, release_id, *models)
        for run in runs:
            self._client.set_tag(run, "playbill.release_id", release_id)
        self._client.set_experiment_tag(self._experiment, "mlflow.note.content", note)

    @never_fails
    def version_tags(self, number: str) -> dict[str, str]:
        """Return what a registered version says of itself."""
        return self._versions().tags(number)

    def _versions(self) -> Versions:
        return Versions(self._client, self.key, self._scratch)

    def _with_training(self, mlflow_id: str) -> list[str]:
        """Return a model's run and its training's; none where ``mlruns/`` was moved away since it was tracked."""
        from mlflow.exceptions import MlflowException

        try:
            tags = self._client.get_run(mlflow_id).data.tags
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return []
        training = tags.get("mlflow.parentRunId")
        return [mlflow_id, training] if training else [mlflow_id]
