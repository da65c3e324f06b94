"""`playbill doctor`: what is configured, what answers, what is stale."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

import typer
from rich.table import Table

from flows.cli.console import out
from pipelines.settings import Settings, load_settings
from warehouse.errors import PlaybillError, WarehouseBusyError
from warehouse.lock import writing
from warehouse.store import ReleaseStore

STALE_HOURS = 26
"""A nightly release older than this has missed a night."""
LOW_DISK_BYTES = 1 << 30
PACKAGES = ("prefect", "mlflow", "duckdb", "fastapi", "implicit", "scikit-surprise")


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report: ok, note (fine, but worth knowing) or problem."""

    state: str
    about: str
    found: str


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("doctor")(doctor)


def doctor() -> None:
    """Tell what is configured, what answers and what is stale; exit code 1 when something is wrong."""
    settings = load_settings()
    findings = list(examine(settings))
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
    yield from _prefect(settings)
    tracking = settings.mlflow_tracking_uri or str(settings.mlruns / "mlflow.db")
    yield Finding("ok", "mlflow", f"runs are tracked in {tracking}")
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
    age = datetime.now(UTC) - datetime.fromisoformat(release.manifest["created_at"])
    hours = age.total_seconds() / 3600
    found = f"{release.release_id} of {release.manifest['dataset']}, {hours:.1f} hours old, every file as published"
    yield Finding("note" if hours > STALE_HOURS else "ok", "release", found)


def _prefect(settings: Settings) -> Iterator[Finding]:
    if not settings.prefect_api_url:
        yield Finding("note", "prefect", "PREFECT_API_URL is not set: runs start a short-lived server of their own")
        return
    from pipelines.sources.http import answers

    reached = answers(f"{settings.prefect_api_url}/health")
    state = "ok" if reached else "problem"
    yield Finding(state, "prefect", f"{settings.prefect_api_url} {'answers' if reached else 'does not answer'}")
