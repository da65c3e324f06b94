"""Which release is served: CURRENT is watched, another release is opened beside the old one and takes its place.

A request takes ``Snapshots.current`` once and holds it until it has answered, so it never sees two releases. The old
snapshot is closed when the last request lets go of it: nothing else refers to it. A look that fails, whatever the
reason, is logged and counted, leaves what is served as it is, and the next look comes all the same.
"""

from __future__ import annotations

import asyncio
import logging
import time

from pipelines.people.sides import side_of
from pipelines.people.suppression import suppressed
from pipelines.settings_sections import ServingSettings
from serving.snapshot import Snapshot
from warehouse.errors import NoReleaseError, PlaybillError
from warehouse.folder import DataFolder
from warehouse.store import ReleaseStore

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 10.0, 300.0
"""A release that could not be opened is tried again after so long, then after twice as long, up to the second."""


class Snapshots:
    """Watches CURRENT and keeps the snapshot of the release it names.

    Attributes
    ----------
    current : Snapshot or None
        What is served.
    others : dict of release to Snapshot
        Releases that some people are served from instead: those of PLAYBILL_SERVING__ROUTES that could be opened.
    failures : int
        Releases that could not be opened.
    failed_looks : int
        Looks that did not end well, those among them.
    """

    def __init__(self, folder: DataFolder, settings: ServingSettings) -> None:
        self._folder, self._store, self._settings = folder, ReleaseStore(folder), settings
        self._busy = asyncio.Lock()
        self._broken: str | None = None
        self._retry_at, self._wait = 0.0, FIRST_RETRY_SECONDS
        self._suppressed: frozenset[str] = frozenset()
        self._suppressed_seen = (0, 0)
        self._tried: set[str] = set()
        self._last_look = time.monotonic()
        self.current: Snapshot | None = None
        self.others: dict[str, Snapshot] = {}
        self.failures = 0
        self.failed_looks = 0

    @property
    def look_age_seconds(self) -> float:
        """How long ago the last look was that worked, or the start, if none has yet."""
        return time.monotonic() - self._last_look

    def for_user(self, user_id: str) -> Snapshot | None:
        """Return the release that somebody is served from; one that cannot be opened leaves them the current one."""
        if not self.others:
            return self.current
        return self.others.get(side_of(user_id, self._settings.routes, self._settings.routes_salt), self.current)

    async def refresh(self) -> bool:
        """Look once: serve the release that CURRENT names, unless it is being served; tell whether it changed.

        Nothing that is found on the disk makes it raise: a failure is counted, and what is served stays.
        """
        async with self._busy:
            try:
                changed = await asyncio.to_thread(self._look)
            except Exception as error:  # whatever lies in the folder, the watcher looks again
                self.failed_looks += 1
                log.error("look for a release failed kind=%s reason=%r", type(error).__name__, str(error))  # noqa: TRY400
                return False
            if changed is None:
                return False
            self._last_look = time.monotonic()
            return changed

    def _look(self) -> bool | None:
        """Return whether another release is served now; None while one that is broken waits to be tried again."""
        self._read_suppressed()
        self._open_others()
        try:
            wanted = self._store.current_id()
        except NoReleaseError:
            if self.current is None:
                return False
            raise
        if self.current is not None and self.current.release_id == wanted:
            return False
        if wanted == self._broken and time.monotonic() < self._retry_at:
            return None
        try:
            self._open(wanted)
        except Exception:
            self.failures += 1
            self._wait = min(self._wait * 2, LAST_RETRY_SECONDS) if wanted == self._broken else FIRST_RETRY_SECONDS
            self._broken, self._retry_at = wanted, time.monotonic() + self._wait
            raise
        self._broken = None
        return True

    def _read_suppressed(self) -> None:
        """Take up who has been forgotten since the last look; nobody is ever taken off again while the API runs."""
        path = self._store.home / "SUPPRESSED"
        try:
            status = path.stat()
        except FileNotFoundError:
            return
        if (status.st_mtime_ns, status.st_ino) != self._suppressed_seen:
            self._suppressed |= suppressed(self._folder)
            self._suppressed_seen = (status.st_mtime_ns, status.st_ino)
            for snapshot in (self.current, *self.others.values()):
                if snapshot is not None:
                    snapshot.suppressed = self._suppressed

    def _open_others(self) -> None:
        """Open the releases that some people are served from; each is tried once, as a release never changes."""
        for release_id in self._settings.routes:
            if release_id in self._tried:
                continue
            self._tried.add(release_id)
            try:
                snapshot = Snapshot(self._store.verify(release_id), self._settings)
                snapshot.try_out()
            except PlaybillError as error:
                self.failures += 1
                log.error("release of a route cannot be opened release=%s reason=%s", release_id, error)  # noqa: TRY400
                continue
            snapshot.suppressed = self._suppressed
            self.others[release_id] = snapshot
            log.info(
                "release opened beside the current one release=%s share=%g",
                release_id,
                self._settings.routes[release_id],
            )

    def _open(self, wanted: str) -> None:
        """Open a release whose every file is as its manifest says, and serve it."""
        started = time.monotonic()
        release = self._store.verify(wanted)
        snapshot = self.others.get(wanted)  # not twice in memory where a route names it too
        if snapshot is None:
            snapshot = Snapshot(release, self._settings)
            snapshot.try_out()
        snapshot.suppressed = self._suppressed
        self.current = snapshot
        log.info(
            "release opened release=%s model=%s users=%d films=%d in_memory=%s seconds=%.2f",
            wanted, snapshot.model.name, snapshot.lists.people, len(snapshot.films), snapshot.lists.in_memory,
            time.monotonic() - started,
        )  # fmt: skip
