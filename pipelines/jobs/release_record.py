"""What a release says of itself: the facts of its manifest, its small tables, its row in the ledger."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pipelines.choice.recipes import recipe_hash
from pipelines.films.films import Films
from pipelines.jobs.active import Active
from pipelines.jobs.winner import Winner
from pipelines.lists import tables
from pipelines.models.popularity import PopularityModel
from pipelines.people.reader import People
from pipelines.settings import Settings, project_root
from warehouse import ledgers
from warehouse.builds import built_file
from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.errors import UnknownReleaseError
from warehouse.store import ReleaseStore
from warehouse.sums import digest_of


def facts_of(
    settings: Settings, run_id: str, active: Active, winner: Winner, people: People, films: Films
) -> dict[str, Any]:
    """Return what the manifest says of this release besides its files; of a model, what holds of the one that ranks."""
    newest = int(people.histories.rated_at.max())
    return {
        "run_id": run_id,
        "dataset": active.dataset,
        "batches": {active.source: active.batch_id},
        "model": winner.name,
        "filler": PopularityModel.name,
        "recipe": winner.recipe,
        "recipe_hash": recipe_hash(winner.name, winner.recipe),
        "blend": winner.blend,
        "arrays_from": winner.trained_for,
        "git_revision": git_revision(),
        "mlflow_run_id": winner.mlflow_run_id,
        "data_watermark": datetime.fromtimestamp(newest, UTC).isoformat(),
        "users": len(people.user_ids),
        "movies": len(films),
        "ratings": len(people.histories.item_idx),
        "list_length": settings.lists.length,
        "explained": settings.lists.explained,
        "similar": settings.lists.similar,
        "films_file": digest_of(built_file(settings.folder, "movies")),
        "catalogue": hashlib.sha256(films.movie_ids.tobytes()).hexdigest()[:16],
        "metrics": winner.headline,
    }


def without(people: People, gone: list[str]) -> dict[str, int]:
    """Return the manifest's counts without some people."""
    left_out = np.isin(np.array(people.user_ids, dtype=object), gone)
    ratings = len(people.histories.item_idx) - int(people.histories.lengths[left_out].sum())
    return {"users": len(people.user_ids) - len(gone), "ratings": ratings}


def small_tables(settings: Settings, winner: Winner, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the release's small tables: its manifest, metrics, checks and the gate's decisions."""
    quality = ledgers.read(settings.folder, "quality")
    newest_run = quality[0]["run_id"] if quality else None
    return {
        "release": tables.record_table("release", [{**facts, "schema_version": SCHEMA_VERSION}]),
        "model_metrics": tables.record_table("model_metrics", winner.metrics),
        "quality_results": tables.record_table("quality_results", [q for q in quality if q["run_id"] == newest_run]),
        "promotion_log": tables.record_table("promotion_log", ledgers.read(settings.folder, "promotion")),
    }


def log_release(settings: Settings, store: ReleaseStore, run_id: str, release_id: str) -> str | None:
    """Write down that a release was published, and what was removed for it; return the one before."""
    try:
        previous = store.before(release_id)
    except UnknownReleaseError:
        previous = None  # the first of all
    rows = [{"event": "published", "release_id": release_id, "previous": previous}]
    for removed in store.prune(settings.releases.keep, daily=settings.releases.daily):
        rows.append({"event": "removed", "release_id": removed, "previous": None})
    ledgers.append(settings.folder, "releases", run_id, rows)
    return previous


def git_revision() -> str | None:
    """Return the commit of the checkout this code runs from, or None where there is none."""
    try:
        found = subprocess.run(  # noqa: S603
            ["git", "-C", str(project_root()), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
