"""`playbill releases` and `playbill rollback`: what was published, and the way back."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from flows.cli.console import out
from pipelines.runs import new_run_id
from pipelines.settings import load_settings
from warehouse import ledgers
from warehouse.errors import BrokenReleaseError, ReleaseError
from warehouse.lock import writing
from warehouse.store import ReleaseStore


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("releases")(releases)
    app.command("rollback")(rollback)


def releases(
    verify: Annotated[bool, typer.Option("--verify", help="Compare every file with its manifest.")] = False,
) -> None:
    """List the releases, newest first; the current one is marked. With --verify, exit code 1 when one is damaged."""
    store = ReleaseStore(load_settings().folder)
    current = store.current_id()
    table = Table()
    for name in ("", "release", "data set", "model", "users", "ratings", "nDCG@10 next", "files"):
        right = name in ("users", "ratings", "nDCG@10 next")
        table.add_column(name, justify="right" if right else "left", no_wrap=name == "release")
    broken = 0
    for release_id in store.ids():
        mark = "→" if release_id == current else ""
        try:
            facts = (store.verify(release_id) if verify else store.get(release_id)).manifest
        except ReleaseError as error:
            table.add_row(mark, release_id, "", "", "", "", "", str(error))
            broken += 1
            continue
        ndcg = facts["metrics"].get("next.ndcg")
        table.add_row(
            mark, release_id, facts["dataset"], facts["model"], f"{facts['users']:,}", f"{facts['ratings']:,}",
            "" if ndcg is None else f"{ndcg:.4f}", "as published" if verify else f"{len(facts['files'])}",
        )  # fmt: skip
    out.print(table)
    if verify and broken:
        raise BrokenReleaseError(f"{broken} of {len(store.ids())} releases are not as they were published; see above")


def rollback(
    release_id: Annotated[str | None, typer.Argument(help="The release to serve; by default the one before.")] = None,
) -> None:
    """Serve an older release from now on; readers are not disturbed."""
    folder = load_settings().folder
    store = ReleaseStore(folder)
    with writing(folder):
        previous = store.current_id()
        target = release_id or store.before(previous)
        store.verify(target)
        store.make_current(target)
        row = {"event": "rolled back", "release_id": target, "previous": previous}
        ledgers.append(folder, "releases", new_run_id(), [row])
    out.print(f"Serving {target} (was {previous}). Back again: playbill rollback {previous}")
