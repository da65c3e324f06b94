"""Publish: everybody's list and all that explains it, as one immutable release."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from pipelines.films.search import FilmSearch
from pipelines.jobs.active import active_set
from pipelines.jobs.edition import Edition
from pipelines.jobs.release_record import facts_of, small_tables
from pipelines.jobs.served import follow
from pipelines.jobs.stars import FOLDER
from pipelines.jobs.winner import winner_of
from pipelines.lists import tables
from pipelines.people.suppression import suppressed_among, suppression_held
from pipelines.progress import step
from pipelines.runs import workbench
from pipelines.settings import Settings
from warehouse.checks import stop_on_errors
from warehouse.files import link_tree, remove_leftovers
from warehouse.lock import writing
from warehouse.publishing import Draft, publishing
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

    @classmethod
    def of(cls, draft: Draft) -> Published:
        """Return what a release that was renamed says of itself."""
        facts = draft.facts
        return cls(
            draft.release_id, facts["model"], facts["arrays_from"], facts["users"], facts["movies"], facts["ratings"]
        )


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
        edition = Edition.read(folder, bench, active, winner_of(folder, bench, active.dataset, settings.training.gate))
        sizes = settings.lists
        lists = edition.rank(edition.people, length=sizes.length, explained=sizes.explained)
        release = publishing(store, facts_of(edition, sizes), utc_now(), retention=settings.releases)
        with ExitStack() as until_renamed, release as draft:
            step("write release", 0, None)
            for model in {each.name: each for each in (edition.model, edition.popularity)}.values():
                model.save(draft.path / "models" / model.name)
            if edition.winner.stars is not None:
                link_tree(edition.winner.stars.arrays, draft.path / "models" / FOLDER)
            FilmSearch.build(edition.films).save(draft.path / "search")
            content = {
                "recommendation_lists": tables.list_table(lists, draft.created_at),
                "histories": tables.history_table(edition.people, edition.model),
                "movies": tables.movie_table(folder),
                **edition.of_everybody(),
                "similar_movies": tables.similar_table(edition.model, edition.films, sizes.similar),
                "user_profiles": tables.profile_table(folder),
            }
            _write(draft, content, edition)
            gone = suppressed_among(edition.people.user_ids, until_renamed.enter_context(suppression_held(folder)))
            if gone:
                left = edition.without(gone)
                draft.facts |= facts_of(left, sizes)
                _write(draft, tables.without_people(content, gone), left)
    follow(settings)
    published = Published.of(draft)
    log.info(
        "publish done release=%s users=%d model=%s trained_for=%s previous=%s",
        draft.release_id, published.users, published.model, published.trained_for or draft.release_id, draft.previous,
    )  # fmt: skip
    return published


def _write(draft: Draft, content: dict[str, pa.Table], edition: Edition) -> None:
    """Write ``release.duckdb`` in the place of one that is there, and check it."""
    draft.database.unlink(missing_ok=True)
    whole = {**content, **small_tables(edition, draft.record)}
    stop_on_errors(write_release_file(draft.database, whole, list_length=draft.facts["list_length"]))
