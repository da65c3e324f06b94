"""Publish the served release once more, without the people in it who have asked to be forgotten since.

Everything else is as it was, as models hold nothing of a person: the lists of the others with the times they were made
at, the arrays, the films. Files without people are hard-linked, so it costs a copy of ``release.duckdb``.
"""

from __future__ import annotations

import logging
import shutil

from pipelines.lists import tables
from pipelines.people.suppression import suppressed, suppressed_among
from pipelines.settings import Settings
from warehouse.checks import stop_on_errors
from warehouse.files import link_tree, remove_leftovers
from warehouse.lock import writing
from warehouse.publishing import publishing
from warehouse.release_file import PERSONAL
from warehouse.release_people import ratings_by_person
from warehouse.release_update import update_release_file
from warehouse.store import ReleaseStore

log = logging.getLogger(__name__)

OWN_FACTS = ("release_id", "schema_version", "created_at", "sequence", "files")
"""What a manifest says of its folder, besides the facts that a copy shares."""


def publish_without_forgotten(settings: Settings, run_id: str) -> str | None:
    """Take forgotten people out of what is served: a new release takes the place, the time and the pin of the old one.

    Returns
    -------
    str or None
        The new release; None where nobody in the served one has asked to be forgotten.

    Raises
    ------
    NoReleaseError
        If nothing is served.
    BrokenReleaseError
        If the served release is damaged, or of another schema version, which is not served either.
    """
    folder, store = settings.folder, ReleaseStore(settings.folder)
    with writing(folder):
        remove_leftovers(folder.releases)
        base = store.current()
        ratings = ratings_by_person(base.database)
        gone = suppressed_among(ratings, suppressed(folder))
        if not gone:
            return None
        base = store.verify(base.release_id)  # a copy's manifest would call damaged files whole
        created_at = base.created_at  # the lists are no younger for having fewer people beside them
        facts = {name: value for name, value in base.manifest.items() if name not in OWN_FACTS}
        facts |= {
            "run_id": run_id,
            "arrays_from": facts.get("arrays_from") or base.release_id,
            "users": facts["users"] - len(gone),
            "ratings": facts["ratings"] - sum(ratings[user_id] for user_id in gone),
            "changed_from": base.release_id,
            "changed_people": 0,
        }
        release = publishing(store, facts, created_at, instead_of=base.release_id, retention=settings.releases)
        with release as draft:
            link_tree(base.path, draft.path, but=("release.duckdb", "manifest.json"))
            shutil.copyfile(base.database, draft.database)
            findings = update_release_file(
                draft.database, dict.fromkeys(PERSONAL, tables.nobody()),
                {"release": tables.record_table("release", [draft.record])}, gone, list_length=facts["list_length"],
            )  # fmt: skip
            stop_on_errors(findings)
    log.info("publish done release=%s gone=%d of=%s", draft.release_id, len(gone), base.release_id)
    return draft.release_id
