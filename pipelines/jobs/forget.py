"""Forget: a person leaves the lake, what is built from it and the next release, and serving forgets them at once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.jobs.publish_without import publish_without_forgotten
from pipelines.people.identity import movielens_number, of_app, of_log, of_request, spelled_as
from pipelines.people.naming import NamedPeople
from pipelines.people.suppression import suppress, suppressed, user_hash
from pipelines.settings import Settings
from pipelines.sources.events.erasing import erase_from_logs, erase_from_set_aside
from pipelines.sources.events.inbox import archive_of
from warehouse import ledgers
from warehouse.erase import (
    Erased,
    batch_files,
    erase_from_csv,
    erase_from_datasets,
    erase_from_warehouse,
    erase_rows,
    rows_in_release,
)
from warehouse.erase_sqlite import erase_words
from warehouse.errors import ConfigError, ReleaseError, UnknownUserError, WarehouseBusyError, WarehouseError
from warehouse.files import remove_leftovers
from warehouse.folder import DataFolder
from warehouse.lock import writing
from warehouse.store import ReleaseStore

log = logging.getLogger(__name__)

WAIT_SECONDS = 600.0
"""How long a run that writes may keep forgetting waiting."""
APP_QUARANTINES = ("events", "supabase")


@dataclass(frozen=True)
class Looked:
    """A store that was looked at.

    Attributes
    ----------
    store : str
        What it is, in words.
    rows, files : int
        Rows of the person that were taken out (in a dry run: would be), and the files or tables that held them.
    note : str
        What else is to be said of it.
    """

    store: str
    rows: int
    files: int
    note: str = ""


@dataclass(frozen=True)
class Forgotten:
    """What was taken out, store by store.

    Attributes
    ----------
    suppressed : bool
        Whether they were put on the list of forgotten people; False when they were on it already, or in a dry run.
    releases : tuple of str
        Published releases that hold them and stay as they are; none of them is served for this person any more.
    published : str or None
        The release that took the place of the served one, as that held them.
    """

    user_id: str
    looked: tuple[Looked, ...]
    suppressed: bool
    releases: tuple[str, ...] = ()
    published: str | None = None

    @property
    def rows(self) -> int:
        """Rows of all stores."""
        return sum(one.rows for one in self.looked)


def forget(settings: Settings, run_id: str, user_id: str, *, dry_run: bool = False) -> Forgotten:
    """Take a person out; a crash on the way leaves them suppressed, and a second call does the rest.

    A release never changes: one without them takes the place of the served one, and older ones go by and by
    (``releases.keep``). Until then serving reads the list of suppressed people.

    Parameters
    ----------
    user_id : str
        As Playbill calls them: ``ml_1``, ``sample_1``, the app's UUID, ``ev_…``, ``app_…``.
    dry_run : bool
        Whether only to tell what would be taken out of which store.

    Raises
    ------
    ConfigError
        If the id is empty or of more than one line.
    UnknownUserError
        If nothing of theirs is anywhere, and they were not forgotten before.
    """
    person = of_request(user_id.strip())
    if not person or not person.isprintable():
        raise ConfigError("forget needs a user id as Playbill calls it, such as ml_1 or the app's UUID")
    folder = settings.folder
    seen = tuple(look() for look in _stores(settings, person, erase=False))
    releases = tuple(_releases_with(folder, person))
    known = user_hash(person) in suppressed(folder)
    if not known and not releases and not any(one.rows for one in seen):
        raise UnknownUserError(_nobody(settings, user_id.strip(), person))
    if dry_run:
        return Forgotten(person, seen, suppressed=False, releases=releases)
    # before the lock: a release that is being made leaves them out, and whoever serves answers without them at once
    added = suppress(folder, person)
    try:
        with writing(folder, wait_seconds=WAIT_SECONDS):
            _remove_leftovers(folder)
            erased = tuple(look() for look in _stores(settings, person, erase=True))
            _lower_counts(folder, run_id, erased)
            published = _publish_without_them(settings, run_id, person)
            releases = tuple(_releases_with(folder, person))
    except WarehouseBusyError as busy:
        raise WarehouseBusyError(
            f"{busy}; they are not served any more, forget them again to empty the files"
        ) from busy
    done = Forgotten(person, erased, added, releases, published)
    log.info("forget done run=%s rows=%d files=%d", run_id, done.rows, sum(one.files for one in erased))
    return done


def _stores(settings: Settings, person: str, *, erase: bool) -> Iterator[Callable[[], Looked]]:
    """Yield what looks at each store, and erases there."""
    folder, limits = settings.folder, settings.limits
    in_logs = NamedPeople({"user_id", settings.events.fields.user_id}, of_log)
    in_app = NamedPeople({"user_id", settings.supabase.columns.user_id}, of_app)
    quarantine = folder.quarantine
    number = movielens_number(person)

    def of_line(text: str) -> bool:
        return in_logs.may_be(text, person)

    def of_set(text: str) -> bool:  # a line of a ratings file begins with the number of the person
        return number is not None and any(text.lstrip('"').startswith(f"{number}{mark}") for mark in (",", "::", "\t"))

    def at(store: str, look: Callable[..., Erased], *given: object) -> Callable[[], Looked]:
        def looked() -> Looked:
            try:
                erased = look(*given, erase=erase)
            except WarehouseBusyError as busy:
                if erase:
                    raise
                return Looked(store, 0, 0, str(busy))
            return Looked(store, erased.rows, erased.files, erased.note)

        return looked

    if number is not None:
        files = batch_files(folder, "movielens", ("ratings", "tags"))
        yield at("landed MovieLens", erase_rows, files, "user_id = ?", [number])
    for source, name in (("sample", "ratings"), ("supabase", "ratings"), ("events", "signals")):
        yield at(f"landed {source}", erase_rows, batch_files(folder, source, (name,)), "user_id = ?", [person])
    yield at("archived logs", erase_from_logs, archive_of(folder), limits, of_line)
    yield at("logs in the inbox", erase_from_logs, folder.inbox, limits, of_line)
    yield at("logs kept aside whole", erase_from_set_aside, quarantine / "events", limits, of_line)
    yield at("quarantined lines of logs", erase_from_csv, _csv_of(quarantine / "events"), of_line)
    yield at(
        "quarantined rows of Supabase", erase_from_csv, _csv_of(quarantine / "supabase"),
        lambda text: in_app.may_be(text, person),
    )  # fmt: skip
    sets = [path for path in _csv_of(quarantine) if path.parent.name not in APP_QUARANTINES]
    yield at("quarantined lines of MovieLens", erase_from_csv, sets, of_set)
    yield at("interactions", erase_from_datasets, folder, person)
    yield at("warehouse", erase_from_warehouse, folder, person)
    yield at("Prefect's database", erase_words, folder.prefect / "prefect.db", _spellings(person))


def _csv_of(home: Path) -> list[Path]:
    return sorted(home.rglob("[!.]*.csv"))


def _spellings(person: str) -> frozenset[str]:
    """Return how a person's id may be written inside of JSON, and of JSON inside of JSON."""
    spelled = {person}
    for _ in range(2):
        spelled |= {json.dumps(one, ensure_ascii=as_ascii)[1:-1] for one in spelled for as_ascii in (True, False)}
    return frozenset(spelled | {one.replace("/", "\\/") for one in spelled})


def _publish_without_them(settings: Settings, run_id: str, person: str) -> str | None:
    """Publish the served release without them, if it holds them; one that this version cannot read is not served."""
    try:
        served = ReleaseStore(settings.folder).current()
        if not rows_in_release(served.database, person):
            return None
    except (ReleaseError, WarehouseError) as error:
        log.info("nothing is served that could hold them reason=%r", str(error))
        return None
    return publish_without_forgotten(settings, run_id)


def _releases_with(folder: DataFolder, person: str) -> Iterator[str]:
    store = ReleaseStore(folder)
    for release_id in store.ids():
        try:
            if rows_in_release(folder.releases / release_id / "release.duckdb", person):
                yield release_id
        except WarehouseError as error:
            log.warning("release not looked at release=%s reason=%r", release_id, str(error))


def _nobody(settings: Settings, given: str, person: str) -> str:
    others = [other for other in spelled_as(given) if other != person]
    meant = [
        other for other in others if any(look().rows for look in _stores(settings, other, erase=False))
    ]  # fmt: skip
    hint = (
        f"; did you mean {' or '.join(meant)}?" if meant else "; ids look like ml_1, sample_1, ev_… or the app's UUID"
    )
    return f"nobody is called {person!r} in the lake, the warehouse, the quarantine or a release{hint}"


def _remove_leftovers(folder: DataFolder) -> None:
    """Remove what killed writers left, as it may hold anybody."""
    homes = [
        folder.root,
        folder.lake,
        folder.build,
        folder.releases,
        archive_of(folder),
        folder.inbox,
        folder.quarantine,
    ]
    homes += [path for home in (folder.lake, folder.quarantine, folder.models) for path in home.glob("*/")]
    for home in homes:
        remove_leftovers(home, deep=home.parent in (folder.lake, folder.quarantine) and home != folder.inbox)


def _lower_counts(folder: DataFolder, run_id: str, erased: tuple[Looked, ...]) -> None:
    """Lower the counts that the next build compares with, so that a forgotten person is no drop of rows."""
    gone = {one.store.removeprefix("landed ").lower(): one.rows for one in erased if one.store.startswith("landed ")}
    newest: dict[tuple[str, str], int] = {}
    for row in ledgers.read(folder, "sources"):
        newest.setdefault((row["source"], row["dataset"]), row["ratings"])
    rows = [
        {"source": source, "dataset": dataset, "ratings": max(0, before - gone[source])}
        for (source, dataset), before in newest.items()
        if gone.get(source)
    ]
    ledgers.append(folder, "sources", run_id, rows)
