"""`playbill diff`: what tells one release from another."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli.console import out
from flows.cli.options import JsonOption
from pipelines.settings import load_settings
from warehouse.compare import Difference, compare
from warehouse.store import ReleaseStore

SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff")(diff)


def diff(
    old: Annotated[str | None, typer.Argument(help="A release; by default the one before the other.")] = None,
    new: Annotated[str | None, typer.Argument(help="Another release; by default the served one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two releases: people, lists, the most popular films, model and data."""
    store = ReleaseStore(load_settings().folder)
    later = store.get(new or store.current_id())
    found = compare(store.get(old or store.before(later.release_id)), later)
    if as_json:
        out.print(json.dumps(asdict(found), indent=1, default=str), markup=False, soft_wrap=True)
    else:
        _show(found)


def _show(found: Difference) -> None:
    people = found.people
    out.print(f"{found.old} → {found.new}")
    out.print(
        f"people:  {people['both']:,} in both, {people['added']:,} added, {people['removed']:,} removed; "
        f"{people['changed_ratings']:,} rated otherwise, {people['changed_lists']:,} have another list"
    )
    shares = [f"{value:.1%} {name.replace('_', ' ')}" for name, value in found.overlap.items() if value is not None]
    out.print("lists:   " + (", ".join(shares) + " in common" if shares else "nobody is in both"))
    for name, films in (("entered", found.entered), ("left", found.left)):
        titles = "; ".join(title for _, title in films[:SHOWN])
        more = f" and {len(films) - SHOWN} more" if len(films) > SHOWN else ""
        out.print(f"top 100: {len(films)} {name}{': ' if films else ''}{titles}{more}", markup=False)
    for name, (before, after) in found.facts.items():
        out.print(f"{name}: {before} → {after}", markup=False)
