"""For a run's report: what changed since the release before, the time of each step, the model's run in MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.settings import Settings
from warehouse.errors import ReleaseError
from warehouse.store import Release, ReleaseStore

LOCAL_MLFLOW = "http://127.0.0.1:5000"
START_MLFLOW = "`playbill mlflow`"


def changes(settings: Settings, release: Release) -> list[str]:
    """Return a Markdown table that compares a release with the one before; a line where it is the first."""
    store = ReleaseStore(settings.folder)
    try:
        before = store.get(store.before(release.release_id)).manifest
    except ReleaseError:
        return ["## Since the release before", "", "There was none."]
    now = release.manifest
    lines = [
        f"## Since release {before['release_id']}",
        "",
        "| what | before | now | change |",
        "|---|---|---|---|",
        *(_counted(what, before, now) for what in ("users", "ratings", "movies")),
        *(_named(what, before, now) for what in ("dataset", "model")),
    ]
    old, new = before["metrics"].get("next.ndcg"), now["metrics"].get("next.ndcg")
    if old is not None and new is not None:
        lines.append(f"| nDCG@10, `next` | {old:.4f} | {new:.4f} | {new - old:+.4f} |")
    return lines


def seconds_of(steps: Mapping[str, float]) -> list[str]:
    """Return a Markdown table of the steps' times."""
    rows = [f"| {name} | {seconds:,.1f} |" for name, seconds in steps.items()]
    return [
        "## How long it took",
        "",
        "| step | seconds |",
        "|---|---|",
        *rows,
        f"| all | {sum(steps.values()):,.1f} |",
    ]


def tracked(settings: Settings, release: Release) -> list[str]:
    """Return a link to the model's run in MLflow."""
    run = release.manifest.get("mlflow_run_id")
    if not run:
        return ["## In MLflow", "", "The model's run was not tracked."]
    uri = settings.mlflow_tracking_uri or ""
    on_server = uri.startswith(("http://", "https://"))
    home = uri.rstrip("/") if on_server else LOCAL_MLFLOW
    start = "" if on_server else f" (start {START_MLFLOW} first)"
    return ["## In MLflow", "", f"[{release.manifest['model']}, run {run}]({home}/#/runs/{run}){start}"]


def _counted(what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return f"| {what} | {before[what]:,} | {now[what]:,} | {now[what] - before[what]:+,} |"


def _named(what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    same = before[what] == now[what]
    return f"| {what} | {before[what]} | {now[what]} | {'' if same else 'another one'} |"
