"""`playbill run` and `playbill deploy`: the main job, now or every night."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer

from flows import environment
from flows.cli.console import out, progress_bar, set_up_logging
from flows.cli.lists import list_table
from flows.cli.options import (
    DatasetOption,
    EnrichOption,
    LinksOption,
    MovieLensOption,
    PopularOption,
    TrainOption,
    chosen_dataset,
    one_of,
)
from flows.parameters import POPULAR, TRAIN_MODES
from pipelines.settings import Settings, load_settings, project_root
from warehouse.query import ask, open_releases

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
) -> None:
    """Run the main job: from ratings to a published release."""
    settings = load_settings()
    parameters = _parameters(dataset, movielens, links, enrich, popular, train)
    environment.prepare(settings, quiet=True)
    set_up_logging(settings.log_level)
    with progress_bar():
        from flows.nightly import nightly

        published = nightly(**parameters)
    _show_result(settings, published.release_id)


def deploy(
    dataset: DatasetOption = None,
    movielens: MovieLensOption = None,
    links: LinksOption = None,
    enrich: EnrichOption = True,
    popular: PopularOption = POPULAR,
    train: TrainOption = "auto",
) -> None:
    """Run the main job every night at 03:00 UTC through a Prefect server, until stopped with Ctrl-C."""
    settings = load_settings()
    parameters = _parameters(dataset, movielens, links, enrich, popular, train)
    api_url = settings.prefect_api_url or environment.DEFAULT_SERVER
    environment.prepare(settings.model_copy(update={"prefect_api_url": api_url}), quiet=False)
    os.chdir(project_root())  # runs are children that find the flow's file from here
    from flows.deployment import deploy as serve_deployment

    out.print(f"Serving nightly/nightly at {api_url}, every night at 03:00 UTC and on demand. Ctrl-C stops.")
    serve_deployment(parameters, api_url)


def _parameters(
    dataset: str | None, movielens: Path | None, links: Path | None, enrich: bool, popular: int, train: str
) -> dict[str, Any]:
    return {
        "dataset": chosen_dataset(dataset, movielens),
        "movielens": _absolute(movielens),
        "links": _absolute(links),
        "enrich_films": enrich,
        "popular": popular,
        "train_models": one_of(train, TRAIN_MODES, "--train"),
    }


def _absolute(path: Path | None) -> str | None:
    return str(path.expanduser().resolve()) if path else None


def _show_result(settings: Settings, release_id: str) -> None:
    """Print one person's list, the release, and what to try next."""
    with open_releases(settings.folder, release_id) as con:
        # somebody with a middling history, so that the list has something to go by
        user = ask(con, "SELECT user_id FROM user_profiles ORDER BY abs(ratings - 40), user_id LIMIT 1").rows[0][0]
        facts = ask(con, "SELECT users, movies, ratings, model, dataset FROM release").records()[0]
        table = list_table(con, user, SHOWN)
    out.print(table)
    out.print(
        f"Published release {release_id}: lists for {facts['users']:,} people from {facts['ratings']:,} ratings of "
        f"{facts['movies']:,} films ({facts['dataset']}), ranked by {facts['model']}."
    )
    out.print("\nNext:")
    for line in NEXT:
        out.print("  " + line.format(user=user))
