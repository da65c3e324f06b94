"""The main job's stages one by one, without Prefect: `playbill ingest`, `build`, `train` and so on."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from flows.cli.completion import model_names, release_ids
from flows.cli.console import out, print_json, progress_bar, set_up_logging
from flows.cli.options import (
    DatasetOption,
    EnrichOption,
    JsonOption,
    LinksOption,
    MovieLensOption,
    PopularOption,
    ReplaceOption,
    chosen_dataset,
)
from flows.parameters import POPULAR
from pipelines.runs import new_run_id, who_runs
from pipelines.settings import Settings, load_settings
from warehouse.errors import ConfigError
from warehouse.store import ReleaseStore

if TYPE_CHECKING:
    from pipelines.jobs.promote import Promoted


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (ingest, enrich, build, train, promote, publish):
        app.command(command.__name__)(command)
    app.command("rollback-model")(rollback_model)


def _start() -> Settings:
    settings = load_settings()
    set_up_logging(settings.log_level)
    return settings


def ingest(
    dataset: DatasetOption = None,
    movielens: MovieLensOption = None,
    links: LinksOption = None,
    replace: ReplaceOption = False,
    only_app: Annotated[bool, typer.Option("--only-app", help="Leave the data set; read the app's sources.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Read the app's whole table, which finds deletions.")] = False,
) -> None:
    """Land a data set and what the app's people rated: Supabase, and the logs in lake/inbox."""
    settings = _start()
    from pipelines.jobs.ingest import ingest as job
    from pipelines.jobs.ingest_app import ingest_app
    from pipelines.jobs.match_titles import match_titles

    run_id = new_run_id()
    with progress_bar():
        chosen = chosen_dataset(dataset)
        batch = None if only_app else job(settings, run_id, dataset=chosen, movielens=movielens, replace=replace)
        app = ingest_app(settings, run_id, full=full)
        matched = None if batch is None else match_titles(settings, run_id, links=links)
    if app.note:
        out.print(app.note)
    if batch is None or matched is None:
        return
    if matched.needed:
        out.print(f"{matched.matched:,} of {matched.films:,} films have a TMDB id")
    state = "landed" if batch.new else "had landed before"
    out.print(
        f"{batch.dataset} {state}: {batch.ratings:,} ratings of {batch.films:,} films, {batch.bad_rows:,} bad rows"
    )


def enrich(wanted: EnrichOption = True, popular: PopularOption = POPULAR) -> None:
    """Ask TMDB for what is not known of the films yet; it can be stopped and goes on where it was."""
    settings = _start()
    from pipelines.jobs.enrich import enrich as job

    with progress_bar():
        result = job(settings, new_run_id(), wanted=wanted, popular=popular)
    out.print(result.warning or result.note)


def build(as_json: JsonOption = False) -> None:
    """Rebuild the warehouse from the lake and check it."""
    settings = _start()
    from pipelines.jobs.build import build as job

    built = job(settings, new_run_id())
    if as_json:
        print_json([asdict(finding) for finding in built.findings])
        return
    for finding in built.findings:
        out.print(f"{'ok  ' if finding.ok else finding.severity:5} {finding.check_name}: {finding.rows_found:,} rows")


def train(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=model_names,
            help="Models to train; by default those of the settings. The settings' published one asks to be published, "
            "or else the last named.",
        ),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="A hyper-parameter, such as factors=32; for one model only.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of everything random in the fit.")] = None,
    gate: Annotated[bool, typer.Option("--gate/--no-gate", help="Whether to measure them and ask the gate.")] = True,
) -> None:
    """Train models on all ratings, measure them under the gate's protocol and ask whether one may be published."""
    settings = _start()
    from pipelines.jobs.evaluate import evaluate
    from pipelines.jobs.promote import promote as ask_gate
    from pipelines.jobs.train import train as job

    chosen = tuple(models or settings.training.models)
    values = dict(_assignment(change) for change in changes or [])
    if values and len(chosen) != 1:
        raise ConfigError("--set needs exactly one model, for example: playbill train als --set factors=32")
    if seed is not None:
        values["random_state"] = seed
    with progress_bar():
        trained = job(settings, new_run_id(), models=chosen, overrides=dict.fromkeys(chosen, values))
        if gate:
            evaluate(settings, trained.run_id, protocols=(settings.training.gate,))
            judged = ask_gate(settings, trained.run_id)
    for name, seconds in trained.seconds.items():
        out.print(f"{name}: {seconds:.2f} s")
    for name, lesson in trained.lessons.items():
        out.print(channel_table(name, lesson))
    if gate:
        _show_decision(judged)


def channel_table(model: str, lesson: dict[str, Any]) -> Table:
    """Return what was learned of a blend's weights as a table for the terminal."""
    scores = ", ".join(f"{name} {value:.4f}" for name, value in lesson["ndcg"].items())
    title = (
        f"{model}: weights {lesson['chosen']}, nDCG@10 of {lesson['questions']:,} questions to {lesson['people']:,} "
        f"people on the validation part of {lesson['protocol']}: {scores}"
    )
    table = Table("channel", "weight", "adds to nDCG@10 (95 % interval)", title=title)
    for one in lesson["worth"]:
        table.add_row(
            one["channel"], f"{one['weight']:.3f}", f"{one['gain']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f})"
        )  # fmt: skip
    return table


def promote(
    version: Annotated[
        str | None,
        typer.Argument(
            autocompletion=release_ids,
            help="With --because: a release, a run or a number in MLflow; by default the newest run.",
        ),
    ] = None,
    because: Annotated[
        str | None, typer.Option("--because", help="Promote it whatever the gate says, and this is why.")
    ] = None,
) -> None:
    """Ask the gate whether the newest trained model may be published; after a refusal the served one goes on."""
    settings = _start()
    if because is None and version is not None:
        raise ConfigError(
            f"the gate judges the newest run only; to promote {version} whatever it says: "
            f'playbill promote {version} --because "…"'
        )
    if because is None:
        from pipelines.jobs.promote import promote as job

        _show_decision(job(settings))
        return
    from pipelines.jobs.override import promote_anyway

    for reason in promote_anyway(settings, version, because=because, who=who_runs()).ranking.reasons:
        out.print(reason)
    out.print("It ranks the next release: playbill publish")


def rollback_model(
    release_id: Annotated[
        str | None,
        typer.Argument(autocompletion=release_ids, help="A release with the arrays; by default those ranking before."),
    ] = None,
    because: Annotated[str, typer.Option("--because", help="Why; it is recorded with who.")] = "",
) -> None:
    """Publish fresh lists ranked by the model that ranked before, and go on with it until another recipe is tried."""
    settings = _start()
    from pipelines.jobs.override import back_to
    from pipelines.jobs.publish import publish as publish_lists

    judged = back_to(settings, release_id, because=because, who=who_runs())
    for reason in judged.ranking.reasons:
        out.print(reason)
    with progress_bar():
        published = publish_lists(settings)
    out.print(f"Published release {published.release_id}: {published.users:,} lists")


def _show_decision(judged: Promoted) -> None:
    """Print what was compared, and what came of it in words."""
    from pipelines.jobs.promotion_record import table_of

    rows = table_of(judged.numbers)
    if rows:
        table = Table(*rows[0])
        for row in rows:
            table.add_row(*row.values())
        out.print(table)
    for reason in judged.ranking.reasons:
        out.print(reason)


def publish(
    changed: Annotated[
        bool, typer.Option("--changed", help="Rank anew only whose ratings differ from those in the served release.")
    ] = False,
) -> None:
    """Publish everybody's list, ranked by the model that promote named, as a new release."""
    settings = _start()
    from pipelines.jobs.publish import publish as job
    from pipelines.jobs.publish_changed import publish_changed

    with progress_bar():
        published = publish_changed(settings, new_run_id()) if changed else job(settings)
    out.print(
        f"Published release {published.release_id}: {published.users:,} lists, ranked by {published.model}"
        + (f" of release {published.trained_for}" if published.trained_for else "")
    )
    served = ReleaseStore(settings.folder).current_id()
    if served != published.release_id:
        out.print(f"{served} is pinned and stays the served one. To serve the new one: playbill unpin, then rollback")


def _assignment(text: str) -> tuple[str, Any]:
    """Read ``name=value``; the value is TOML where it can be, else text."""
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise ConfigError(f"--set {text!r} is not name=value")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name, value
