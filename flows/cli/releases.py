"""`playbill releases`, `rollback`, `pin` and `unpin`: what was published, the way back, and what stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from flows.cli.completion import release_ids
from flows.cli.console import out
from flows.cli.options import JsonOption
from pipelines.runs import new_run_id
from pipelines.settings import Settings, load_settings
from warehouse import ledgers
from warehouse.errors import BrokenReleaseError, ConfigError, ReleaseError, UnknownReleaseError
from warehouse.folder import DataFolder
from warehouse.lock import writing
from warehouse.store import ReleaseStore


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("releases")(releases)
    app.command("rollback")(rollback)
    app.command("pin")(pin)
    app.command("unpin")(unpin)


def releases(
    verify: Annotated[bool, typer.Option("--verify", help="Compare every file with its manifest.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the releases, newest first; the current one is marked. With --verify, exit code 1 when one is damaged."""
    store = ReleaseStore(load_settings().folder)
    current, pins = store.current_id(), store.pins.read()
    rows = [_row(store, release_id, pins, current, verify=verify) for release_id in store.ids()]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        _stop_on_broken(rows, verify=verify)
        return
    table = Table()
    for name in ("", "release", "data set", "model", "users", "ratings", "nDCG@10 next", "pinned until", "files"):
        right = name in ("users", "ratings", "nDCG@10 next")
        table.add_column(name, justify="right" if right else "left", no_wrap=name == "release")
    for row in rows:
        cells = [row[name] for name in ("dataset", "model", "users", "ratings", "ndcg", "pinned_until", "files")]
        table.add_row("→" if row["current"] else "", row["release_id"], *(_cell(value) for value in cells))
    out.print(table)
    _stop_on_broken(rows, verify=verify)


def _stop_on_broken(rows: list[dict[str, Any]], *, verify: bool) -> None:
    broken = sum(row["broken"] for row in rows)
    if verify and broken:
        raise BrokenReleaseError(f"{broken} of {len(rows)} releases are not as they were published; see above")


def _row(
    store: ReleaseStore, release_id: str, pins: Mapping[str, str], current: str | None, *, verify: bool
) -> dict[str, Any]:
    """Return a release's facts; those of a broken one are missing, and ``files`` says what is wrong."""
    row: dict[str, Any] = {"release_id": release_id, "current": release_id == current}
    row |= dict.fromkeys(("dataset", "model", "users", "ratings", "ndcg"))
    row |= {"pinned_until": pins.get(release_id), "broken": False}
    try:
        facts = (store.verify(release_id) if verify else store.get(release_id)).manifest
    except ReleaseError as error:
        return {**row, "files": str(error), "broken": True}
    row |= {name: facts[name] for name in ("dataset", "model", "users", "ratings")}
    return {
        **row,
        "ndcg": facts["metrics"].get("next.ndcg"),
        "files": "as published" if verify else str(len(facts["files"])),
    }


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def rollback(
    release_id: Annotated[
        str | None, typer.Argument(autocompletion=release_ids, help="The release to serve; by default the one before.")
    ] = None,
) -> None:
    """Serve an older release from now on; readers are not disturbed.

    It is pinned until another recipe is promoted, so that the nightly run does not undo it.
    """
    settings = load_settings()
    folder, store = settings.folder, ReleaseStore(settings.folder)
    with writing(folder):
        previous = store.current_id()
        target = release_id or store.before(previous)
        if target == previous:
            raise ConfigError(f"{target} is served already; `playbill releases` lists the others")
        store.verify(target)
        store.make_current(target)
        store.pins.end_rollbacks()
        is_newest = target == store.ids()[0]
        if not is_newest and target not in store.pins.read():
            store.pins.add(target, "promotion")
        _record(folder, "rolled back", target, previous)
    _follow(settings)
    out.print(f"Serving {target} (was {previous}). Back again: playbill rollback {previous}")
    if not is_newest:
        out.print("Releases made from now on wait beside it, until another recipe is promoted or: playbill unpin")


def _follow(settings: Settings) -> None:
    """Have MLflow's champion be the model that is served now."""
    from pipelines.jobs.served import follow

    follow(settings)


def pin(
    release_id: Annotated[
        str | None, typer.Argument(autocompletion=release_ids, help="The release to keep; by default the served one.")
    ] = None,
) -> None:
    """Keep a release, and go on serving it if it is the served one, until `playbill unpin`."""
    folder = load_settings().folder
    store = ReleaseStore(folder)
    with writing(folder):
        target = store.get(release_id or store.current_id()).release_id
        store.pins.add(target)
        _record(folder, "pinned", target, None)
    served = " It stays the served one." if target == store.current_id() else ""
    out.print(f"{target} is kept until: playbill unpin {target}.{served}")


def unpin(
    release_id: Annotated[
        str | None, typer.Argument(autocompletion=release_ids, help="The release; by default the served one.")
    ] = None,
) -> None:
    """End a pin; the next publish is served again."""
    folder = load_settings().folder
    store = ReleaseStore(folder)
    with writing(folder):
        target = release_id or store.current_id()
        if not store.pins.remove(target):
            known = ", ".join(store.pins.read()) or "no release"
            raise UnknownReleaseError(f"{target} is not pinned; {known} is")
        _record(folder, "unpinned", target, None)
    out.print(f"{target} is not pinned any more; the newest release is {store.ids()[0]}")


def _record(folder: DataFolder, event: str, release_id: str, previous: str | None) -> None:
    row = {"event": event, "release_id": release_id, "previous": previous}
    ledgers.append(folder, "releases", new_run_id(), [row])
