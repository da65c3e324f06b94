"""What a release says of itself: the facts of its manifest and its small tables."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from pipelines.choice.recipes import recipe_hash
from pipelines.jobs.edition import Edition
from pipelines.lists import tables
from pipelines.models.popularity import PopularityModel
from pipelines.settings import project_root
from pipelines.settings_sections import ListSettings
from warehouse import ledgers
from warehouse.builds import built_file
from warehouse.sums import digest_of


def facts_of(edition: Edition, lists: ListSettings) -> dict[str, Any]:
    """Return what the manifest says of a release besides its files; of a model, what holds of the one that ranks."""
    active, winner, people, films = edition.active, edition.winner, edition.people, edition.films
    newest = int(people.histories.rated_at.max())
    return {
        "run_id": edition.bench.run_id,
        "dataset": active.dataset,
        "batches": {active.source: active.batch_id},
        "model": winner.name,
        "filler": PopularityModel.name,
        "recipe": winner.recipe,
        "recipe_hash": recipe_hash(winner.name, winner.recipe),
        "recipe_asked": winner.asked,
        "blend": winner.blend,
        "arrays_from": winner.trained_for,
        "git_revision": git_revision(),
        "mlflow_run_id": winner.mlflow_run_id,
        "mlflow_version": winner.mlflow_version,
        "data_watermark": datetime.fromtimestamp(newest, UTC).isoformat(),
        "users": len(people.user_ids),
        "movies": len(films),
        "ratings": len(people.histories.item_idx),
        "list_length": lists.length,
        "explained": lists.explained,
        "similar": lists.similar,
        "films_file": digest_of(built_file(edition.folder, "movies")),
        "catalogue": hashlib.sha256(films.movie_ids.tobytes()).hexdigest()[:16],
        "metrics": winner.headline,
        "stars": None if winner.stars is None else winner.stars.errors,
    }


def small_tables(edition: Edition, record: dict[str, Any]) -> dict[str, pa.Table]:
    """Return the release's small tables: its manifest, metrics, checks and the gate's decisions."""
    quality = ledgers.read(edition.folder, "quality")
    newest_run = quality[0]["run_id"] if quality else None
    return tables.record_tables(
        {
            "release": [record],
            "model_metrics": edition.winner.metrics,
            "quality_results": [row for row in quality if row["run_id"] == newest_run],
            "promotion_log": ledgers.read(edition.folder, "promotion"),
        }
    )


def git_revision() -> str | None:
    """Return the commit of the checkout this code runs from, or None where there is none."""
    try:
        asked = subprocess.run(  # noqa: S603
            ["git", "-C", str(project_root()), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip() or None
