"""`playbill forget`: takes a person out of the data and of what is served."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from flows.cli.console import out, set_up_logging
from flows.cli.options import JsonOption
from pipelines.runs import new_run_id
from pipelines.settings import Settings, load_settings
from warehouse.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("forget")(forget)


def forget(
    user: Annotated[str, typer.Argument(help="A user id such as ml_1, or the app's UUID.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be taken out.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take a person out of the lake and of what is built, and out of what is served, now and from then on."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    if not dry_run and not yes:
        _ask(settings, user)
    from pipelines.jobs.forget import forget as job

    done = job(settings, new_run_id(), user, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps({**asdict(done), "dry_run": dry_run}, indent=1, ensure_ascii=False))
        return
    table = Table("store", "would go" if dry_run else "taken out", "note")
    for looked in done.looked:
        table.add_row(looked.store, f"{looked.rows:,} rows", looked.note)
    out.print(table)
    if done.releases:
        out.print(f"{len(done.releases)} published releases hold them and stay as they are; they go with time.")
    if done.published:
        out.print(f"Release {done.published} is served now: the one before, without them.")
    end = "Nothing was changed." if dry_run else "They are not served any more, and no later release holds them."
    out.print(f"{done.user_id}: {end}")


def _ask(settings: Settings, user: str) -> None:
    """Let somebody at a terminal confirm; elsewhere ``--yes`` is wanted.

    Raises
    ------
    ConfigError
        If nobody can be asked, or the answer is no.
    """
    if not sys.stdin.isatty():
        raise ConfigError(f"forget cannot be undone: give --yes to forget {user!r}, or --dry-run to see what would go")
    if not typer.confirm(f"Take {user} out of {settings.folder.root} for good?"):
        raise ConfigError("nobody was forgotten")
