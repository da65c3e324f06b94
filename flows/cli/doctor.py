"""`playbill doctor`: what is configured, what answers, what is stale."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version

import typer
from rich.table import Table

from flows.cli.console import out
from flows.cli.doctor_services import services
from flows.cli.findings import Finding
from flows.cli.options import JsonOption
from pipelines.settings import Settings, load_settings
from warehouse.errors import PlaybillError, WarehouseBusyError
from warehouse.lock import writing
from warehouse.store import ReleaseStore

STALE_HOURS = 26
"""A nightly release older than this has missed a night."""
LOW_DISK_BYTES = 1 << 30
PACKAGES = ("playbill", "prefect", "mlflow", "duckdb", "fastapi", "implicit", "scikit-surprise")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("doctor")(doctor)


def doctor(
    as_json: JsonOption = False,
) -> None:
    """Tell what is configured, what answers and what is stale; exit code 1 when something is wrong."""
    settings = load_settings()
    findings = list(examine(settings))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False))
    else:
        table = Table("", "about", "found")
        for finding in findings:
            table.add_row(finding.state, finding.about, finding.found)
        out.print(table)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at each part in turn."""
    yield Finding("ok", "versions", ", ".join(f"{name} {version(name)}" for name in PACKAGES))
    yield from _folder(settings)
    yield from _release(settings)
    yield from _quarantine(settings)
    yield from services(settings)
    yield _api(settings)


def _api(settings: Settings) -> Finding:
    from serving.exposure import described, exposure_problem, is_open

    problem = exposure_problem(settings, settings.serving.host)
    state = "problem" if problem else "note" if is_open(settings) else "ok"
    return Finding(state, "API", problem or described(settings))


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.folder
    if not folder.root.exists():
        yield Finding("note", "data folder", f"{folder.root} does not exist yet; `playbill run` makes it")
        return
    free = shutil.disk_usage(folder.root).free
    state = "problem" if free < LOW_DISK_BYTES else "ok"
    yield Finding(state, "data folder", f"{folder.root}, {free / (1 << 30):.1f} GiB free")
    try:
        with writing(folder):
            yield Finding("ok", "write lock", "free")
    except WarehouseBusyError as busy:
        yield Finding("note", "write lock", str(busy))
    except OSError as error:
        yield Finding("problem", "data folder", f"cannot be written: {error.strerror}")


def _release(settings: Settings) -> Iterator[Finding]:
    store = ReleaseStore(settings.folder)
    try:
        release = store.verify(store.current_id())
    except PlaybillError as error:
        yield Finding("problem" if store.ids() else "note", "release", str(error))
        return
    facts = release.manifest
    hours = (datetime.now(UTC) - datetime.fromisoformat(facts["created_at"])).total_seconds() / 3600
    if hours < 0:
        yield Finding(
            "problem", "clock", f"release {release.release_id} is of the future; is this machine's clock late?"
        )
    found = f"{release.release_id} of {facts['dataset']}, {hours:.1f} hours old, every file as published"
    stale = f"; a night was missed (older than {STALE_HOURS} hours)" if hours > STALE_HOURS else ""
    yield Finding("note" if stale else "ok", "release", found + stale)
    ndcg = facts["metrics"].get("next.ndcg")
    measured = "" if ndcg is None else f", nDCG@10 {ndcg:.4f} on `next`"
    yield Finding("ok", "champion", f"{facts['model']}{measured}, for {facts['users']:,} people")


def _quarantine(settings: Settings) -> Iterator[Finding]:
    """Tell how many batches have rows that could not be used."""
    folder = settings.folder
    if not folder.root.exists():
        return
    kept = sorted(path for path in folder.quarantine.glob("*") if path.is_dir() and any(path.iterdir()))
    if kept:
        newest = max(kept, key=lambda path: path.stat().st_mtime)
        found = f"{len(kept)} batches have rows kept aside, the newest in {newest}"
        yield Finding("note", "quarantine", found)
    else:
        yield Finding("ok", "quarantine", "empty")
