"""`playbill run` and `playbill deploy`: the main job, now or every night."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flows.cli.console import out, print_json, progress_bar, set_up_logging
from flows.cli.options import (
    DatasetOption,
    EnrichOption,
    JsonOption,
    LinksOption,
    MovieLensOption,
    PopularOption,
    ReplaceOption,
    TrainOption,
    chosen_dataset,
    one_of,
)
from flows.cli.supervise import note
from flows.parameters import POPULAR, TRAIN_MODES, Request
from warehouse.errors import ConfigError, PlaybillError

if TYPE_CHECKING:
    from pipelines.settings import Settings

SHOWN = 10
NEXT = (
    ".venv/bin/playbill recommend {user} -k 20",
    '.venv/bin/playbill sql "select title, count(*) as lists from recommendations group by 1 order by 2 desc limit 10"',
    ".venv/bin/playbill serve    # then: curl localhost:8000/recommendations/{user}",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("run")(run)
    app.command("deploy")(deploy)


def run(
    dataset: DatasetOption = None,
    movielens: MovieLensOption = None,
    links: LinksOption = None,
    enrich: EnrichOption = True,
    popular: PopularOption = POPULAR,
    train: TrainOption = "auto",
    replace: ReplaceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the main job: from ratings to a published release."""
    request = _request(dataset, movielens, links, enrich, popular, train, replace)
    from flows.main_job import main_job
    from pipelines.runs import new_run_id
    from pipelines.settings import load_settings

    settings = load_settings()
    set_up_logging(settings.log_level)
    with progress_bar():
        if settings.prefect_api_url:
            release_id = _on_prefect(settings, request)
        else:
            release_id = main_job(settings, new_run_id(), request).published.release_id
    _show_result(settings, release_id, as_json=as_json)


def deploy(
    dataset: DatasetOption = None,
    movielens: MovieLensOption = None,
    links: LinksOption = None,
    enrich: EnrichOption = True,
    popular: PopularOption = POPULAR,
    train: TrainOption = "auto",
    replace: ReplaceOption = False,
) -> None:
    """Run the main job every night at 03:00 UTC through a Prefect server, until stopped with Ctrl-C."""
    request = _request(dataset, movielens, links, enrich, popular, train, replace)
    from flows import environment
    from pipelines.jobs.choose_set import refuse_another
    from pipelines.settings import load_settings, project_root
    from pipelines.sources.http import answers

    settings = load_settings()
    if request.dataset is not None and request.movielens is None:
        refuse_another(settings.folder, request.dataset, replace=replace)
    api_url = settings.prefect_api_url or environment.DEFAULT_SERVER
    environment.prepare(settings.model_copy(update={"prefect_api_url": api_url}), quiet=False)
    if not answers(f"{api_url}/health"):
        raise ConfigError(no_server(api_url))
    os.chdir(project_root())  # runs are children that find the flow's file from here
    from flows.deployment import deploy as serve_deployment

    out.print(f"Serving nightly/nightly at {api_url}, every night at 03:00 UTC and on demand. Ctrl-C stops.")
    serve_deployment(_parameters(request), api_url)


def _on_prefect(settings: Settings, request: Request) -> str:
    """Run the flow, reported to the server that the settings name."""
    from flows import environment
    from pipelines.sources.http import answers

    api_url = str(settings.prefect_api_url)
    if not answers(f"{api_url}/health"):
        raise ConfigError(no_server(api_url))
    environment.prepare(settings, quiet=True)
    from flows.nightly import nightly, note_run

    reported = nightly.with_options(on_running=[note_run(note)])
    state = reported(**_parameters(request), return_state=True)
    result = state.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    if not state.is_completed():
        raise PlaybillError(f"the run ended as {state.name} on {api_url}: {state.message}")
    return str(result.release_id)


def no_server(api_url: str) -> str:
    """Say that no Prefect server answers, and what to do."""
    return (
        f"no Prefect server answers at {api_url}; start one with `prefect server start`, or change PREFECT_API_URL "
        "(without it `playbill run` needs no server)"
    )


def _request(
    dataset: str | None,
    movielens: Path | None,
    links: Path | None,
    enrich: bool,
    popular: int,
    train: str,
    replace: bool,
) -> Request:
    return Request(
        dataset=chosen_dataset(dataset),
        movielens=_existing(movielens, "--movielens"),
        links=_existing(links, "--links"),
        enrich=enrich,
        popular=popular,
        train=one_of(train, TRAIN_MODES, "--train"),
        replace=replace,
    )


def _parameters(request: Request) -> dict[str, Any]:
    """Return a request as the flow takes it: paths as text."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(request).items()}


def _existing(path: Path | None, option: str) -> Path | None:
    if path is None:
        return None
    whole = path.expanduser().resolve()
    if not whole.exists():
        raise ConfigError(f"{option} {whole} does not exist; give a MovieLens zip or folder, or let it be downloaded")
    return whole


def _show_result(settings: Settings, release_id: str, *, as_json: bool) -> None:
    """Print one person's list, the release, and what to try next."""
    from flows.cli.lists import list_rows, list_table
    from warehouse.query import ask, open_releases

    with open_releases(settings.folder, release_id) as con:
        # somebody with a middling history, so that the list has something to go by
        user = ask(con, "SELECT user_id FROM user_profiles ORDER BY abs(ratings - 40), user_id LIMIT 1").rows[0][0]
        facts = ask(con, "SELECT users, movies, ratings, model, arrays_from, dataset FROM release").records()[0]
        if as_json:
            shown = {"user_id": user, "recommendations": list_rows(con, user, SHOWN)}
            print_json({"release_id": release_id, **facts, "example": shown})
            return
        table = list_table(con, user, SHOWN)
    out.print(table)
    out.print(
        f"Published release {release_id}: lists for {facts['users']:,} people from {facts['ratings']:,} ratings of "
        f"{facts['movies']:,} films ({facts['dataset']}), ranked by {facts['model']}"
        + (f" of release {facts['arrays_from']}." if facts["arrays_from"] else ".")
    )
    out.print("\nNext:")
    for line in NEXT:
        out.print("  " + line.format(user=user))
