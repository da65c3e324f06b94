"""Publish what has changed: people whose ratings are as they were keep their rows, the others are ranked anew.

The result equals that of a full publish with the same arrays, row for row but for ``generated_at``, which tells when a
list was made. It rests on the served release: its arrays are hard-linked, its file is copied and brought up to date.
Where a list could differ for another reason than its person's ratings (films, settings, code), all are made anew.
"""

from __future__ import annotations

import logging
import shutil
from typing import Any

import numpy as np

from pipelines.engine.handed import read_shards
from pipelines.engine.local import rank_everybody
from pipelines.films.films import Films
from pipelines.films.search import FilmSearch
from pipelines.jobs.active import active_set
from pipelines.jobs.champion import served_release
from pipelines.jobs.publish import Published, genres_of, publish
from pipelines.jobs.release_record import facts_of, log_release, small_tables
from pipelines.jobs.reuse import reuse
from pipelines.jobs.winner import Winner, winner_of_release
from pipelines.lists import tables
from pipelines.people.reader import People, read_films, read_people
from pipelines.people.suppression import suppressed_among, suppression_held
from pipelines.progress import step
from pipelines.runs import workbench
from pipelines.settings import Settings
from warehouse.checks import stop_on_errors
from warehouse.errors import BrokenReleaseError, NoReleaseError, ReleaseError
from warehouse.files import link_tree, remove_leftovers
from warehouse.lock import writing
from warehouse.release_file import changed_people, update_release_file
from warehouse.store import Release, ReleaseStore, utc_now

log = logging.getLogger(__name__)

SAME = ("dataset", "list_length", "explained", "similar", "git_revision", "catalogue")
"""Facts of a manifest that all lists depend on."""


def publish_changed(settings: Settings, run_id: str) -> Published:
    """Publish a release in which only those people have new lists whose ratings differ from the served one's.

    Raises
    ------
    NoReleaseError
        If there is no release of this data set to begin with.
    BrokenReleaseError
        If the served release's arrays are damaged.
    QualityError
        If a check of the new release fails; the last one is still served.
    """
    folder, store = settings.folder, ReleaseStore(settings.folder)
    with writing(folder):
        remove_leftovers(folder.releases)
        active = active_set(folder)
        served = served_release(folder, active.dataset)
        if served is None:
            raise NoReleaseError(f"{folder.releases} holds no release of {active.dataset}; publish all lists first")
        people, films = read_people(folder), read_films(folder)
        with suppression_held(folder) as hashes:
            forgotten = set(suppressed_among(people.user_ids, hashes))
            if forgotten:
                kept = [row for row, user_id in enumerate(people.user_ids) if user_id not in forgotten]
                people = people.take(np.array(kept, dtype=np.int64))
            winner = winner_of_release(served, workbench(folder, run_id))
            facts = facts_of(settings, run_id, active, winner, people, films)
            base = _usable(store, served.release_id, facts)
            if base is not None:
                return _publish(settings, store, base, winner, people, films, facts)
        reuse(settings, run_id, active.dataset)
    return publish(settings, run_id)


def _usable(store: ReleaseStore, release_id: str, facts: dict[str, Any]) -> Release | None:
    """Return the release to begin with; None where all lists must be made anew, which is logged with its reason."""
    damaged = store.damaged(release_id)
    if any(name.startswith("models/") for name in damaged):
        raise BrokenReleaseError(
            f"release {release_id}: {', '.join(damaged)} is missing or changed; run `playbill run --train all`"
        )
    try:
        release = store.get(release_id)
    except ReleaseError as error:
        reasons = [str(error)]
    else:
        reasons = damaged + [name for name in SAME if release.manifest.get(name) != facts[name]]
    if reasons:
        log.warning("publish makes all lists anew release=%s differs=%r", release_id, ", ".join(reasons))
        return None
    return release


def _publish(
    settings: Settings, store: ReleaseStore, base: Release, winner: Winner, people: People, films: Films,
    facts: dict[str, Any],
) -> Published:  # fmt: skip
    folder, created_at = settings.folder, utc_now()
    step("find who has changed", 0, None)
    changed, gone = changed_people(base.database, tables.rating_table(people))
    subset = people.take(
        np.flatnonzero(np.isin(np.array(people.user_ids), changed)) if changed else np.zeros(0, np.int64)
    )
    model, popularity = winner.load()
    with workbench(folder, facts["run_id"]).scratch("shards") as scratch:
        shards = rank_everybody(
            winner.arrays, winner.popularity, subset, films, scratch,
            length=settings.lists.length, explained=settings.lists.explained,
        )  # fmt: skip
        lists = read_shards(shards) if changed else tables.nobody()
    facts = {**facts, "changed_from": base.release_id, "changed_people": len(changed)}
    with store.publishing(facts, created_at, base=base) as (release_id, path):
        step("write release", 0, None)
        link_tree(base.models, path / "models")
        if facts["films_file"] is not None and facts["films_file"] == base.manifest.get("films_file"):
            link_tree(base.path / "search", path / "search")
        else:
            FilmSearch.build(films).save(path / "search")
        shutil.copyfile(base.database, path / "release.duckdb")
        rows = {
            "recommendation_lists": tables.list_table(lists, created_at),
            "histories": tables.history_table(subset, model),
        }
        own_films = people.histories_in(films)
        whole = {
            "movies": tables.movie_table(folder),
            "popular_movies": tables.popular_table(own_films, films, popularity, genres_of(films.metadata)),
            "score_chances": tables.chance_table(winner.chances, own_films, films, popularity),
            "user_profiles": tables.profile_table(folder),
            **small_tables(settings, winner, {**facts, "release_id": release_id, "created_at": created_at}),
        }
        whole["user_profiles"] = tables.only_people(whole["user_profiles"], people.user_ids)
        file = path / "release.duckdb"
        stop_on_errors(update_release_file(file, rows, whole, gone, list_length=settings.lists.length))
    previous = log_release(settings, store, facts["run_id"], release_id)
    log.info(
        "publish done release=%s users=%d changed=%d gone=%d model=%s of=%s previous=%s",
        release_id, facts["users"], len(changed), len(gone), winner.name, base.release_id, previous,
    )  # fmt: skip
    return Published(release_id, winner.name, winner.trained_for, facts["users"], facts["movies"], facts["ratings"])
