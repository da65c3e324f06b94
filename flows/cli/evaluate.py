"""`playbill evaluate`, `rating-errors` and `tune`: how good the lists are, and what would make them better."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from flows.cli.completion import model_names
from flows.cli.console import out, progress_bar, set_up_logging
from flows.cli.options import JsonOption, LinksOption, MovieLensOption, one_of
from pipelines.settings import load_settings
from pipelines.settings_names import PROTOCOLS

if TYPE_CHECKING:
    from pipelines.choice.evaluation.report import Evaluation

STORED_K = 10
"""Films of a list that the gate and the metrics ledger look at."""
SHOWN = ("ndcg", "recall", "map", "mrr", "hit_rate", "coverage")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("evaluate")(evaluate)
    app.command("rating-errors")(rating_errors)
    app.command("tune")(tune)


def evaluate(
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol",
            help=f"One of {', '.join(PROTOCOLS)}; by default the gate's, of a trained run the settings'.",
        ),
    ] = None,
    movielens: MovieLensOption = None,
    links: LinksOption = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            autocompletion=model_names,
            help="A model to measure by its recipe, not those that were trained; may be repeated.",
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Films of each list that count.")] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of tables: an object, or a list of several protocols'.")
    ] = False,
) -> None:
    """Measure models on ratings they were not shown; after train the models that were trained, for promote to judge.

    With --movielens, --model or -k it measures recipes of your choice instead, which MLflow alone records. A set is
    measured in its own film ids; with --links as `run` would train on it, films without a TMDB id left out.
    """
    if protocol is not None:
        one_of(protocol, PROTOCOLS, "--protocol")
    settings = load_settings()
    set_up_logging(settings.log_level)
    from pipelines.jobs.evaluate import evaluate as job
    from pipelines.jobs.evaluate_recipes import evaluate_recipes
    from pipelines.jobs.measure import open_set
    from pipelines.runs import has_trained, workbench

    trained = movielens is None and links is None and not models and k == STORED_K and has_trained(settings.folder)
    with progress_bar():
        if trained:
            evaluations = list(job(settings, protocols=(protocol,) if protocol else None).values())
        else:
            chosen, names = open_set(settings, movielens, links), tuple(models or settings.training.models)
            evaluations = [evaluate_recipes(settings, chosen, protocol or settings.training.gate, names, k=k)]
    if as_json:
        answers = [evaluation.to_json() for evaluation in evaluations]
        typer.echo(json.dumps(answers[0] if len(answers) == 1 else answers, indent=1))
        return
    for evaluation in evaluations:
        out.print(evaluation_table(evaluation))
    out.print(
        f"The models of run {workbench(settings.folder).run_id} as they were trained; recorded."
        if trained
        else "The models by their recipes' files; in MLflow, and nowhere that the gate looks."
    )


def rating_errors(
    movielens: MovieLensOption = None,
    links: LinksOption = None,
    folds: Annotated[int, typer.Option("--folds", min=2, max=20, help="Folds of the cross-validation.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Cross-validate SVD's rating estimates: RMSE and MAE, for trained users and for histories folded in."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    from pipelines.jobs.measure import measure_rating_errors, open_set

    with progress_bar():
        errors = measure_rating_errors(settings, open_set(settings, movielens, links), n_folds=folds)
    if as_json:
        typer.echo(json.dumps(asdict(errors), indent=1))
        return
    out.print(f"svd, {errors.n_folds} folds of {errors.n_ratings:,} ratings, in stars:")
    out.print(f"  trained users      RMSE {errors.rmse:.4f}  MAE {errors.mae:.4f}")
    out.print(f"  folded-in history  RMSE {errors.fold_in_rmse:.4f}  MAE {errors.fold_in_mae:.4f}")


def tune(
    model: Annotated[
        str, typer.Argument(autocompletion=model_names, help="The model whose hyper-parameters are searched.")
    ],
    protocol: Annotated[str, typer.Option("--protocol", help=f"One of {', '.join(PROTOCOLS)}.")] = "next",
    movielens: MovieLensOption = None,
    links: LinksOption = None,
    trials: Annotated[
        int, typer.Option("--trials", min=1, max=10_000, help="Settings to try, those of before counted.")
    ] = 50,
    target: Annotated[
        Path | None, typer.Option("--out", help="Where to write the recipe, instead of its file in the data folder.")
    ] = None,
) -> None:
    """Search a model's hyper-parameters on validation scores; stopped and started again, it goes on."""
    one_of(protocol, PROTOCOLS, "--protocol")
    settings = load_settings()
    set_up_logging(settings.log_level)
    from pipelines.jobs.measure import open_set
    from pipelines.jobs.tune import tune as job

    with progress_bar():
        tuned, path = job(settings, open_set(settings, movielens, links), model, protocol, trials=trials, out=target)
    out.print(f"{tuned.metric} {tuned.value:.4f} on the validation part, {tuned.start:.4f} before; written to {path}")


def evaluation_table(evaluation: Evaluation) -> Table:
    """Return the figures as a table for the terminal; a dash where fewer than 30 people were measured."""
    table = Table(title=f"{evaluation.dataset}, protocol {evaluation.protocol}: mean and 95 % interval")
    table.add_column("model")
    names = [name for name in SHOWN if any((name, "all") in results for results in evaluation.results.values())]
    for name in names:
        table.add_column(f"{name}@{evaluation.k}", justify="right")
    table.add_column("people", justify="right")
    for model, figures in evaluation.to_json()["models"].items():
        cells = []
        for name in names:
            value, low, high = (figures.get(f"{name}@{evaluation.k}{end}") for end in ("", "_low", "_high"))
            interval = f" ({low:.3f}-{high:.3f})" if low is not None else ""
            cells.append("-" if value is None else f"{value:.4f}{interval}")
        table.add_row(model, *cells, f"{figures['n']:,}")
    return table
