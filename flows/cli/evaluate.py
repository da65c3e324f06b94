"""`playbill evaluate`: how good the lists are, under the protocol of your choice."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from flows.cli.console import out, progress_bar, set_up_logging
from flows.cli.options import MovieLensOption, one_of
from pipelines.evaluation.report import Evaluation
from pipelines.evaluation.split import PROTOCOLS
from pipelines.settings import load_settings

SHOWN = ("ndcg", "recall", "map", "mrr", "hit_rate", "coverage")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("evaluate")(evaluate)


def evaluate(
    protocol: Annotated[str, typer.Option("--protocol", help=f"One of {', '.join(PROTOCOLS)}.")] = "next",
    movielens: MovieLensOption = None,
    models: Annotated[list[str] | None, typer.Option("--model", help="A model to measure; may be repeated.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Films of each list that count.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure models on ratings they were not shown; without --movielens on what the lake holds.

    The newest trained run is measured and its figures recorded when no option is given but the protocol's default.
    """
    one_of(protocol, PROTOCOLS, "--protocol")
    settings = load_settings()
    set_up_logging(settings.log_level)
    from pipelines.jobs.measure import measure_lake, measure_movielens

    names = tuple(models or settings.training.models)
    with progress_bar():
        if movielens is None:
            found = measure_lake(settings, protocol, names, k=k)
        else:
            with tempfile.TemporaryDirectory(prefix="playbill-") as scratch:
                found = measure_movielens(settings, movielens, protocol, names, scratch=Path(scratch), k=k)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=1))
    else:
        out.print(evaluation_table(found))


def evaluation_table(found: Evaluation) -> Table:
    """Return the figures as a table for the terminal; a dash where fewer than 30 people were measured."""
    table = Table(title=f"{found.dataset}, protocol {found.protocol}: mean and 95 % interval")
    table.add_column("model")
    names = [name for name in SHOWN if any((name, "all") in results for results in found.results.values())]
    for name in names:
        table.add_column(f"{name}@{found.k}", justify="right")
    table.add_column("people", justify="right")
    for model, figures in found.to_json()["models"].items():
        cells = []
        for name in names:
            value, low, high = (figures.get(f"{name}@{found.k}{end}") for end in ("", "_low", "_high"))
            interval = f" ({low:.3f}-{high:.3f})" if low is not None else ""
            cells.append("-" if value is None else f"{value:.4f}{interval}")
        table.add_row(model, *cells, f"{figures['n']:,}")
    return table
