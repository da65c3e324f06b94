"""The main job as a Prefect flow: each step a task, the run named by its data set, a failure one message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import Flow, Task, flow, get_client, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.runtime import flow_run
from prefect.states import Failed
from pydantic import Field

from flows.main_job import Report, main_job
from flows.parameters import MAX_POPULAR, POPULAR, Dataset, Request, TrainMode
from flows.progress import progress_artifact
from flows.report import publish_report
from flows.ui_logging import leave_quietly, one_message_a_failure
from pipelines.jobs.publish import Published
from pipelines.runs import new_run_id
from pipelines.settings import load_settings
from warehouse.errors import ConfigError, PlaybillError, SourceUnavailableError

TITLES = {
    "ingest": "Land the data set",
    "ingest app": "Land the app's ratings",
    "match titles": "Match films to TMDB",
    "enrich": "Ask TMDB about the films",
    "build": "Build the warehouse and check it",
    "train": "Train the models",
    "reuse": "Take the models that are served",
    "evaluate": "Measure the models",
    "promote": "Ask the gate",
    "publish": "Publish the release",
    "report": "Write the report",
}
TALK_TO_SERVICES = {"ingest", "ingest app", "match titles", "enrich"}
RETRY_AFTER_SECONDS = [30.0, 180.0]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def as_task(name: str, job: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make a task of a job; one that talks to a service is tried again later when that does not answer."""
    retries = RETRY_AFTER_SECONDS if name in TALK_TO_SERVICES else []
    made = task(
        name=name,
        task_run_name=TITLES[name],
        cache_policy=NO_CACHE,
        retries=len(retries),
        retry_delay_seconds=retries or None,
        retry_condition_fn=_worth_a_retry,
    )(job)
    return cast(Callable[Parameters, Result], made)


def _worth_a_retry(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.data, SourceUnavailableError)


def _existing(text: str | None, name: str) -> Path | None:
    """Return a path of the form, or refuse one that is not there: the server cannot know."""
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.exists():
        raise ConfigError(f"{name}: {path} does not exist on the machine that runs this")
    return path


# The parameters stand under "Args:" because Prefect reads the texts of its form from there.
@flow(name="nightly", validate_parameters=True)
def nightly(
    dataset: Dataset | None = None,
    movielens: str | None = None,
    links: str | None = None,
    enrich: bool = True,
    popular: Annotated[int, Field(ge=0, le=MAX_POPULAR)] = POPULAR,
    train: TrainMode = "auto",
    replace: bool = False,
) -> Published:
    """Turn ratings into a release: ingest, enrich, build, train, evaluate, promote, publish.

    Args:
        dataset: The data set to use; without one the set that the data folder works on, the sample in an empty folder.
            A MovieLens set is downloaded unless a path is given.
        movielens: A MovieLens zip or folder on the machine that runs this, instead of a download.
        links: A MovieLens set with links.csv, to match the films of a set that has none (ml-100k, ml-1m, ml-10m).
        enrich: Whether to ask TMDB for what is not known of the films yet.
        popular: How many of TMDB's most popular films to add to those that people rated.
        train: all: every model; champion: only the recipe that is served; none: fresh lists from the arrays
            that are served; auto: the champion where there is one for this data set, else all.
        replace: Whether the data set may take the place of another one that is served.
    """
    settings, run_id = load_settings(), new_run_id()
    one_message_a_failure(settings.log_level)
    leave_quietly()
    try:
        _name_run(f"{dataset or (Path(movielens).stem if movielens else 'the active set')} {run_id}")
        request = Request(
            dataset, _existing(movielens, "movielens"), _existing(links, "links"),
            enrich=enrich, popular=popular, train=train, replace=replace,
        )  # fmt: skip
        with progress_artifact("run-progress"):
            report: Report = main_job(settings, run_id, request, as_task)
        _name_run(f"{report.batch.dataset} {run_id}")
        as_task("report", publish_report)(settings, report)
    except PlaybillError as problem:
        return cast(Published, Failed(message=str(problem), data=problem))
    return report.published


def _name_run(name: str) -> None:
    with get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run.id), name=name)


def note_run(tell: Callable[[str], None]) -> Callable[..., None]:
    """Return a hook that tells a run's id as soon as it is going."""

    def hook(_flow: Flow[Any, Any], run: FlowRun, _state: State[Any]) -> None:
        tell(str(run.id))

    return hook
