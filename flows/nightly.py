"""The main job as a Prefect flow: a list of steps, each a task around one job."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.parameters import POPULAR, Dataset, TrainMode
from flows.progress import progress_artifact
from flows.report import Report, publish_report
from pipelines.jobs.build import build as build_job
from pipelines.jobs.champion import champion_recipe
from pipelines.jobs.enrich import Enriched
from pipelines.jobs.enrich import enrich as enrich_job
from pipelines.jobs.evaluate import evaluate as evaluate_job
from pipelines.jobs.ingest import ingest as ingest_job
from pipelines.jobs.ingest_app import ingest_app as ingest_app_job
from pipelines.jobs.match_titles import match_titles as match_job
from pipelines.jobs.promote import promote as promote_job
from pipelines.jobs.publish import Published
from pipelines.jobs.publish import publish as publish_job
from pipelines.jobs.reuse import reuse as reuse_job
from pipelines.jobs.train import train as train_job
from pipelines.runs import new_run_id
from pipelines.settings import Settings, load_settings
from warehouse.lock import writing

WAIT_FOR_LOCK_SECONDS = 5.0

ingest = task(name="ingest", cache_policy=NO_CACHE)(ingest_job)
ingest_app = task(name="ingest app", cache_policy=NO_CACHE)(ingest_app_job)
match = task(name="match titles", cache_policy=NO_CACHE)(match_job)
build = task(name="build", cache_policy=NO_CACHE)(build_job)
train = task(name="train", cache_policy=NO_CACHE)(train_job)
reuse = task(name="reuse", cache_policy=NO_CACHE)(reuse_job)
evaluate = task(name="evaluate", cache_policy=NO_CACHE)(evaluate_job)
promote = task(name="promote", cache_policy=NO_CACHE)(promote_job)
publish = task(name="publish", cache_policy=NO_CACHE)(publish_job)
report = task(name="report", cache_policy=NO_CACHE)(publish_report)


@task(name="enrich", cache_policy=NO_CACHE)
def enrich(settings: Settings, run_id: str, *, wanted: bool, popular: int) -> Enriched:
    """Enrich the films, with a progress bar in the UI as it takes minutes the first time."""
    with progress_artifact("enrich", "enrichment-progress"):
        return enrich_job(settings, run_id, wanted=wanted, popular=popular)


# The parameters stand under "Args:" because Prefect reads the texts of its form from there.
@flow(name="nightly", validate_parameters=True)
def nightly(
    dataset: Dataset = "sample",
    movielens: str | None = None,
    links: str | None = None,
    enrich_films: bool = True,
    popular: int = POPULAR,
    train_models: TrainMode = "auto",
) -> Published:
    """Turn ratings into a release: ingest, enrich, build, train, evaluate, promote, publish.

    Args:
        dataset: The data set to use. A MovieLens set is downloaded unless a path is given.
        movielens: A MovieLens zip or folder on the machine that runs this, instead of a download.
        links: A MovieLens set with links.csv, to match the films of a set that has none (ml-100k, ml-1m, ml-10m).
        enrich_films: Whether to ask TMDB for what is not known of the films yet.
        popular: How many of TMDB's most popular films to add to those that people rated.
        train_models: all: every model; champion: only the recipe that is served; none: fresh lists from the arrays
            that are served; auto: the champion where there is one for this data set, else all.
    """
    settings = load_settings()
    run_id = new_run_id()
    with writing(settings.folder, wait_seconds=WAIT_FOR_LOCK_SECONDS):
        batch = ingest(settings, run_id, dataset=dataset, movielens=_path(movielens))
        app = ingest_app(settings, run_id)
        matched = match(settings, run_id, links=_path(links), ask_tmdb=enrich_films)
        enriched = enrich(settings, run_id, wanted=enrich_films, popular=popular)
        built = build(settings, run_id)
        if train_models == "none":
            reuse(settings, run_id, batch.dataset)
        else:
            champion = {} if train_models == "all" else champion_recipe(settings.folder, batch.dataset)
            again = train_models == "champion" or settings.training.published in champion
            train(settings, run_id, recipes=champion if again else {})
            evaluate(settings, run_id)
            promote(settings, run_id)
        published: Published = publish(settings, run_id)
        report(settings, Report(run_id, batch, app, matched, enriched, built, published))
    return published


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None
