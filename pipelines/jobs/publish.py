"""Publish: everybody's list and all that explains it, as one immutable release."""

from __future__ import annotations

import logging
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from pipelines.choice.recipes import recipe_hash
from pipelines.films.search import FilmSearch
from pipelines.jobs.active import Active, active_set
from pipelines.jobs.winner import Winner, winner_of
from pipelines.lists import tables
from pipelines.lists.rank import rank
from pipelines.people.reader import People, read_films, read_people
from pipelines.people.suppression import suppressed_among, suppression_held
from pipelines.progress import step
from pipelines.runs import workbench
from pipelines.settings import Settings, project_root
from warehouse import ledgers
from warehouse.checks import stop_on_errors
from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.files import remove_leftovers
from warehouse.lock import writing
from warehouse.release_file import write_release_file
from warehouse.store import ReleaseStore, utc_now

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """The release that is served from now on.

    Attributes
    ----------
    trained_for : str or None
        The release that its model's arrays were trained for, where that is an older one.
    """

    release_id: str
    model: str
    trained_for: str | None
    users: int
    movies: int
    ratings: int


def publish(settings: Settings, run_id: str | None = None) -> Published:
    """Make everybody's list with the promoted model and publish it.

    Raises
    ------
    QualityError
        If a check of the new release fails; the last one is still served.
    """
    folder, store = settings.folder, ReleaseStore(settings.folder)
    # from reading to renaming in one hold: whoever is forgotten meanwhile is either out of what is read, or known to
    # the last look
    with writing(folder):
        remove_leftovers(folder.releases)
        bench, active = workbench(folder, run_id), active_set(folder)
        winner = winner_of(folder, bench, active.dataset)
        model, popularity = winner.load()
        people, films = read_people(folder), read_films(folder)
        ranked = rank(
            model, popularity, people, films, length=settings.lists.length, explained=settings.lists.explained
        )  # fmt: skip
        created_at = utc_now()
        facts = _facts(settings, bench.run_id, active, winner, people, len(films))
        with ExitStack() as until_renamed, store.publishing(facts, created_at) as (release_id, path):
            step("write release", 0, None)
            model.save(path / "models" / model.name)
            if model.name != popularity.name:
                popularity.save(path / "models" / popularity.name)
            FilmSearch.build(films).save(path / "search")
            own_films = people.histories_in(films)
            content = {
                "recommendation_lists": tables.list_table(people, ranked, created_at),
                "histories": tables.history_table(people, model),
                "movies": tables.movie_table(folder),
                "popular_movies": tables.popular_table(own_films, films, popularity, _genres(films.metadata)),
                "similar_movies": tables.similar_table(model, films, settings.lists.similar),
                "user_profiles": tables.profile_table(folder),
                **_records(settings, winner, {**facts, "release_id": release_id, "created_at": created_at}),
            }
            file = path / "release.duckdb"
            stop_on_errors(write_release_file(file, content, list_length=settings.lists.length))
            gone = suppressed_among(people.user_ids, until_renamed.enter_context(suppression_held(folder)))
            if gone:
                facts |= _without(people, gone)
                content = tables.without_people(content, gone)
                content |= _records(settings, winner, {**facts, "release_id": release_id, "created_at": created_at})
                file.unlink()
                stop_on_errors(write_release_file(file, content, list_length=settings.lists.length))
        previous = _log_release(settings, store, bench.run_id, release_id)
    log.info(
        "publish done release=%s users=%d model=%s trained_for=%s previous=%s",
        release_id, facts["users"], winner.name, winner.trained_for or release_id, previous,
    )  # fmt: skip
    return Published(release_id, winner.name, winner.trained_for, facts["users"], facts["movies"], facts["ratings"])


def _facts(
    settings: Settings, run_id: str, active: Active, winner: Winner, people: People, n_films: int
) -> dict[str, Any]:
    """Return what the manifest says of this release besides its files; of a model, what holds of the one that ranks."""
    newest = int(people.histories.rated_at.max())
    return {
        "run_id": run_id,
        "dataset": active.dataset,
        "batches": {active.source: active.batch_id},
        "model": winner.name,
        "recipe": winner.recipe,
        "recipe_hash": recipe_hash(winner.name, winner.recipe),
        "arrays_from": winner.trained_for,
        "git_revision": git_revision(),
        "mlflow_run_id": winner.mlflow_run_id,
        "data_watermark": datetime.fromtimestamp(newest, UTC).isoformat(),
        "users": len(people.user_ids),
        "movies": n_films,
        "ratings": len(people.histories.item_idx),
        "list_length": settings.lists.length,
        "metrics": winner.headline,
    }


def _without(people: People, gone: list[str]) -> dict[str, int]:
    """Return the manifest's counts without some people."""
    left_out = np.isin(np.array(people.user_ids, dtype=object), gone)
    ratings = len(people.histories.item_idx) - int(people.histories.lengths[left_out].sum())
    return {"users": len(people.user_ids) - len(gone), "ratings": ratings}


def _records(settings: Settings, winner: Winner, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the release's small tables: its manifest, metrics, checks and the gate's decisions."""
    quality = ledgers.read(settings.folder, "quality")
    newest_run = quality[0]["run_id"] if quality else None
    return {
        "release": tables.record_table("release", [{**facts, "schema_version": SCHEMA_VERSION}]),
        "model_metrics": tables.record_table("model_metrics", winner.metrics),
        "quality_results": tables.record_table("quality_results", [q for q in quality if q["run_id"] == newest_run]),
        "promotion_log": tables.record_table("promotion_log", ledgers.read(settings.folder, "promotion")),
    }


def _log_release(settings: Settings, store: ReleaseStore, run_id: str, release_id: str) -> str | None:
    older = [other for other in store.ids() if other < release_id]
    previous = older[0] if older else None
    rows = [{"event": "published", "release_id": release_id, "previous": previous}]
    for removed in store.prune(settings.releases.keep):
        rows.append({"event": "removed", "release_id": removed, "previous": None})
    ledgers.append(settings.folder, "releases", run_id, rows)
    return previous


def _genres(metadata: Any) -> list[list[str]]:
    return [list(names) for names in metadata["genres"]] if "genres" in metadata else []


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
