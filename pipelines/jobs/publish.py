"""Publish: everybody's list and all that explains it, as one immutable release."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pipelines.engine.handed import read_shards
from pipelines.engine.local import rank_everybody
from pipelines.films.search import FilmSearch
from pipelines.jobs.active import active_set
from pipelines.jobs.release_record import facts_of, log_release, small_tables, without
from pipelines.jobs.stars import FOLDER
from pipelines.jobs.winner import winner_of
from pipelines.lists import tables
from pipelines.people.reader import read_films, read_people
from pipelines.people.suppression import suppressed_among, suppression_held
from pipelines.progress import step
from pipelines.runs import workbench
from pipelines.settings import Settings
from warehouse.checks import stop_on_errors
from warehouse.files import link_tree, remove_leftovers
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
        winner = winner_of(folder, bench, active.dataset, settings.training.gate)
        model, popularity = winner.load()
        people, films = read_people(folder), read_films(folder)
        with bench.scratch("shards") as scratch:
            shards = rank_everybody(
                winner.arrays, winner.popularity, people, films, scratch,
                length=settings.lists.length, explained=settings.lists.explained,
            )  # fmt: skip
            lists = read_shards(shards)
        created_at = utc_now()
        facts = facts_of(settings, bench.run_id, active, winner, people, films)
        with ExitStack() as until_renamed, store.publishing(facts, created_at) as (release_id, path):
            step("write release", 0, None)
            model.save(path / "models" / model.name)
            if model.name != popularity.name:
                popularity.save(path / "models" / popularity.name)
            if winner.stars is not None:
                link_tree(winner.stars.arrays, path / "models" / FOLDER)
            FilmSearch.build(films).save(path / "search")
            own_films = people.histories_in(films)
            content = {
                "recommendation_lists": tables.list_table(lists, created_at),
                "histories": tables.history_table(people, model),
                "movies": tables.movie_table(folder),
                "popular_movies": tables.popular_table(own_films, films, popularity, genres_of(films.metadata)),
                "score_chances": tables.chance_table(winner.chances, own_films, films, popularity),
                "similar_movies": tables.similar_table(model, films, settings.lists.similar),
                "user_profiles": tables.profile_table(folder),
                **small_tables(settings, winner, {**facts, "release_id": release_id, "created_at": created_at}),
            }
            file = path / "release.duckdb"
            stop_on_errors(write_release_file(file, content, list_length=settings.lists.length))
            gone = suppressed_among(people.user_ids, until_renamed.enter_context(suppression_held(folder)))
            if gone:
                facts |= without(people, gone)
                content = tables.without_people(content, gone)
                content |= small_tables(settings, winner, {**facts, "release_id": release_id, "created_at": created_at})
                file.unlink()
                stop_on_errors(write_release_file(file, content, list_length=settings.lists.length))
        previous = log_release(settings, store, bench.run_id, release_id)
    log.info(
        "publish done release=%s users=%d model=%s trained_for=%s previous=%s",
        release_id, facts["users"], winner.name, winner.trained_for or release_id, previous,
    )  # fmt: skip
    return Published(release_id, winner.name, winner.trained_for, facts["users"], facts["movies"], facts["ratings"])


def genres_of(metadata: Any) -> list[list[str]]:
    """Return each film's genres; none where the films come without."""
    return [list(names) for names in metadata["genres"]] if "genres" in metadata else []
