"""The main job: a list of steps, the same with Prefect around each of them and without."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, Protocol, TypeVar

from flows.parameters import Request
from pipelines.jobs.build import Built, build
from pipelines.jobs.enrich import Enriched, enrich
from pipelines.jobs.evaluate import evaluate
from pipelines.jobs.ingest import ingest
from pipelines.jobs.ingest_app import AppIngested, ingest_app
from pipelines.jobs.match import Matched
from pipelines.jobs.match_titles import match_titles
from pipelines.jobs.plan import plan_of
from pipelines.jobs.promote import promote
from pipelines.jobs.publish import Published, publish
from pipelines.jobs.reuse import reuse
from pipelines.jobs.train import train
from pipelines.progress import stage
from pipelines.settings import Settings
from pipelines.sources.landed import Batch
from warehouse.lock import writing

WAIT_FOR_LOCK_SECONDS = 5.0

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Report:
    """The results of a run's steps, and the seconds each took."""

    run_id: str
    batch: Batch
    app: AppIngested
    matched: Matched
    enriched: Enriched
    built: Built
    published: Published
    seconds: dict[str, float] = field(default_factory=dict)


class Wrap(Protocol):
    """Makes a step of a job."""

    def __call__(self, name: str, job: Callable[Parameters, Result], /) -> Callable[Parameters, Result]:
        """Return what runs ``job`` as the step ``name``."""


def plain(_name: str, job: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make a step that is the job and nothing else."""
    return job


class Steps:
    """Runs steps one after another, says which one is on, and keeps the seconds of each."""

    def __init__(self, wrap: Wrap, count: int) -> None:
        self._wrap, self._count = wrap, count
        self.seconds: dict[str, float] = {}

    def __call__(
        self, name: str, job: Callable[Parameters, Result], *args: Parameters.args, **named: Parameters.kwargs
    ) -> Result:
        """Run one step."""
        stage(name, len(self.seconds) + 1, self._count)
        started = time.monotonic()
        result = self._wrap(name, job)(*args, **named)
        self.seconds[name] = round(time.monotonic() - started, 2)
        return result


def main_job(settings: Settings, run_id: str, request: Request, wrap: Wrap = plain) -> Report:
    """Turn ratings into a release: ingest, enrich, build, train, evaluate, promote, publish.

    Raises
    ------
    PlaybillError
        If a step cannot do its work; what was published before is served.
    """
    step = Steps(wrap, 7 if request.train == "none" else 9)
    with writing(settings.folder, wait_seconds=WAIT_FOR_LOCK_SECONDS):
        batch = step(
            "ingest", ingest, settings, run_id,
            dataset=request.dataset, movielens=request.movielens, replace=request.replace,
        )  # fmt: skip
        app = step("ingest app", ingest_app, settings, run_id)
        matched = step("match titles", match_titles, settings, run_id, links=request.links, ask_tmdb=request.enrich)
        enriched = step("enrich", enrich, settings, run_id, wanted=request.enrich, popular=request.popular)
        built = step("build", build, settings, run_id)
        _models(settings, run_id, request.train, batch.dataset, step)
        published = step("publish", publish, settings, run_id)
    return Report(run_id, batch, app, matched, enriched, built, published, step.seconds)


def _models(settings: Settings, run_id: str, mode: str, dataset: str, step: Steps) -> None:
    """Put a model on the workbench: trained and judged, or borrowed from what is served."""
    if mode == "none":
        step("reuse", reuse, settings, run_id, dataset)
        return
    plan = plan_of(settings, dataset, mode)
    if plan.nothing is not None:
        step("reuse", reuse, settings, run_id, dataset, because=plan.nothing)
        return
    step("train", train, settings, run_id, recipes=plan.recipes)
    step("evaluate", evaluate, settings, run_id)
    step("promote", promote, settings, run_id)
