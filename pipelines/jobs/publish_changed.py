"""Publish what has changed: people whose ratings are as they were keep their rows, the others are ranked anew.

The result equals that of a full publish with the same arrays, row for row but for ``generated_at``, which tells when a
list was made. It rests on the served release: its arrays are hard-linked, its file is copied and brought up to date.
Where a list could differ for another reason than its person's ratings (films, settings, code), all are made anew.
"""

from __future__ import annotations

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pipelines.films.search import FilmSearch
from pipelines.jobs.active import active_set
from pipelines.jobs.champion import served_release
from pipelines.jobs.edition import Edition
from pipelines.jobs.publish import Published, publish
from pipelines.jobs.release_record import facts_of, small_tables
from pipelines.jobs.reuse import reuse
from pipelines.jobs.winner import winner_of_release
from pipelines.lists import tables
from pipelines.people.suppression import suppressed_among, suppression_held
from pipelines.progress import step
from pipelines.runs import workbench
from pipelines.settings import Settings
from warehouse.checks import stop_on_errors
from warehouse.errors import NoReleaseError, ReleaseError
from warehouse.files import link_tree, remove_leftovers
from warehouse.lock import writing
from warehouse.publishing import Draft, publishing
from warehouse.release_people import changed_people
from warehouse.release_update import update_release_file
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
    QualityError
        If a check of the new release fails; the last one is still served.
    """
    folder, store = settings.folder, ReleaseStore(settings.folder)
    with writing(folder):
        remove_leftovers(folder.releases)
        bench, active = workbench(folder, run_id), active_set(folder)
        served = served_release(folder, active.dataset)
        if served is None:
            raise NoReleaseError(f"{folder.releases} holds no release of {active.dataset}; publish all lists first")
        edition = Edition.read(folder, bench, active, winner_of_release(served, bench))
        with suppression_held(folder) as hashes:
            edition = edition.without(suppressed_among(edition.people.user_ids, hashes))
            facts = facts_of(edition, settings.lists)
            if _is_usable(store, served, facts):
                release = publishing(store, facts, utc_now(), base=served, retention=settings.releases)
                with release as draft:
                    _bring_up_to_date(draft, served, edition)
                return _published(draft)
        reuse(settings, run_id, active.dataset)
    return publish(settings, run_id)


def _is_usable(store: ReleaseStore, served: Release, facts: dict[str, Any]) -> bool:
    """Tell whether the served release is one to begin with; where all lists must be made anew the log says why."""
    try:
        store.get(served.release_id)
    except ReleaseError as error:
        reasons = [str(error)]
    else:
        damaged = store.damaged(served.release_id, but="models/")  # arrays were looked at when it was chosen
        reasons = damaged + [name for name in SAME if served.manifest.get(name) != facts[name]]
    if reasons:
        log.warning("publish makes all lists anew release=%s differs=%r", served.release_id, ", ".join(reasons))
    return not reasons


def _bring_up_to_date(draft: Draft, base: Release, edition: Edition) -> None:
    """Fill a draft from the release before it and the people who have changed since."""
    step("find who has changed", 0, None)
    people, folder, facts = edition.people, edition.folder, draft.facts
    with ThreadPoolExecutor(1) as beside:
        # what rests on everybody is worked out, and the file copied, while some are ranked
        everybody = beside.submit(edition.of_everybody)
        copied = beside.submit(shutil.copyfile, base.database, draft.database)
        changed, gone = changed_people(base.database, tables.rating_table(people))
        anew = people.take(people.places_of(changed))
        lists = edition.rank(anew, length=facts["list_length"], explained=facts["explained"])
        step("write release", 0, None)
        whole = {"movies": tables.movie_table(folder), **everybody.result()}
        copied.result()
    facts |= {"changed_from": base.release_id, "changed_people": len(changed), "gone_people": len(gone)}
    link_tree(base.models, draft.path / "models")
    profiles = tables.only_people(tables.profile_table(folder), people.user_ids)
    rows = {
        "recommendation_lists": tables.list_table(lists, draft.created_at),
        "histories": tables.history_table(anew, edition.model),
    }
    if facts["films_file"] is not None and facts["films_file"] == base.manifest.get("films_file"):
        link_tree(base.path / "search", draft.path / "search")
        rows["user_profiles"] = tables.only_people(profiles, changed)
    else:
        FilmSearch.build(edition.films).save(draft.path / "search")
        whole["user_profiles"] = profiles
    whole |= small_tables(edition, draft.record)
    stop_on_errors(update_release_file(draft.database, rows, whole, gone, list_length=facts["list_length"]))


def _published(draft: Draft) -> Published:
    published, facts = Published.of(draft), draft.facts
    log.info(
        "publish done release=%s users=%d changed=%d gone=%d model=%s of=%s previous=%s",
        draft.release_id, published.users, facts["changed_people"], facts["gone_people"], published.model,
        facts["changed_from"], draft.previous,
    )  # fmt: skip
    return published
