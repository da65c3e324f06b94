"""`playbill ab`: two releases against what people went on to like."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from flows.cli.completion import release_ids
from flows.cli.console import out, set_up_logging
from pipelines.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("ab")(ab)


def ab(
    first: Annotated[str, typer.Argument(autocompletion=release_ids, help="A release.")],
    second: Annotated[str, typer.Argument(autocompletion=release_ids, help="Another.")],
) -> None:
    """Compare two releases' lists with what their people liked after both were made."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    from pipelines.jobs.ab import compare_releases

    compared = compare_releases(settings, first, second)
    table = Table("release", "ranked by", "nDCG@10", "95 % interval")
    for release_id, model, each in zip(compared.releases, compared.models, compared.ndcg, strict=True):
        table.add_row(release_id, model, f"{each.value:.4f}", f"{each.low:.4f} to {each.high:.4f}")
    table.add_section()
    less = compared.difference
    table.add_row("first less second", "", f"{less.value:+.4f}", f"{less.low:+.4f} to {less.high:+.4f}")
    out.print(table)
    out.print(f"{compared.difference.n:,} people, liked since {compared.since}: {compared.verdict}.")
