"""The release being served: opened whole beside the old one, swapped between requests.

A request takes ``Snapshots.current`` once and holds it until it has answered, so it never sees two releases. The old
snapshot is closed when the last request lets go of it: nothing else refers to it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.blend.catalogue import load_model
from pipelines.lists.rank import POPULAR, Ranker
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import FloatArray
from pipelines.people.suppression import suppressed, user_hash
from pipelines.settings import ServingSettings
from serving.films import FilmTable
from serving.lists.everybody import Picks, StoredLists
from serving.lists.remembered import remember_members
from serving.words.index import WordIndex
from warehouse.errors import NoReleaseError, PlaybillError
from warehouse.folder import DataFolder
from warehouse.release_reader import ReleaseReader, StoredHistory
from warehouse.store import Release, ReleaseStore

log = logging.getLogger(__name__)

FORMAT = 1
"""Rises when the bytes of an answer change, so that caches of older ones are not believed."""
RETRY_BROKEN_SECONDS = 10.0


class Snapshot:
    """One release, opened: its lists, films, file and models. Nothing in it changes but who is forgotten."""

    def __init__(self, release: Release, settings: ServingSettings) -> None:
        self.release_id = release.release_id
        self.manifest = release.manifest
        self.suppressed: frozenset[str] = frozenset()
        self.created_at = datetime.fromisoformat(release.manifest["created_at"])
        self.reader = ReleaseReader(release.database, poster_base_url=settings.poster_base_url)
        self.films = FilmTable(self.reader.films())
        self.lists = StoredLists(self.reader, self.films, memory_mb=settings.lists_memory_mb)
        self.scopes = {scope: self._scope(rows) for scope, rows in self.reader.popular().items()}
        popularity = PopularityModel.load(release.models / PopularityModel.name)
        self.model = load_model(release.models / str(release.manifest["model"]))
        remember_members(self.model)
        self.ranker = Ranker.of(self.model, popularity, self.films.films)
        self.baseline = Ranker(popularity, self.films.films, self.films.films.index_of(popularity.films.movie_ids),
                               self.ranker.order)  # fmt: skip
        content = self._content(release)
        self.content = None if content is None else Ranker.of(content, popularity, self.films.films)

    @property
    def etag(self) -> str:
        """What tells an answer of this release from another; somebody's being forgotten changes it too."""
        return f'W/"{self.release_id}.{FORMAT}.{len(self.suppressed)}"'

    def find(self, user_id: str, limit: int | None = None) -> Picks | None:
        """Return somebody's stored list, or None; somebody forgotten has none."""
        return None if self.forgot(user_id) else self.lists.find(user_id, limit)

    def history_of(self, user_id: str) -> StoredHistory | None:
        """Return what the release knows that somebody rated, or None; it reads the file."""
        return None if self.forgot(user_id) else self.reader.history_of(user_id)

    def forgot(self, user_id: str) -> bool:
        """Tell whether somebody asked to be forgotten."""
        return bool(self.suppressed) and user_hash(user_id) in self.suppressed

    def _scope(self, rows: list[tuple[int, float]]) -> Picks:
        places = self.films.films.index_of([movie_id for movie_id, _ in rows]).tolist()
        kept = [(place, score) for place, (_, score) in zip(places, rows, strict=True) if place >= 0]
        return self._popular([place for place, _ in kept], [score for _, score in kept])

    def _content(self, release: Release) -> Model | None:
        """Return the model that reads text: one of the release's own, or a member of the published one."""
        members = self.model.members
        folder = release.models / "content"
        if self.model.name == "content":
            return self.model
        return load_model(folder) if (folder / "model.json").exists() else members.get("content")

    def popular(self, limit: int, allowed: NDArray[np.bool_] | None = None) -> Picks:
        """Return what many people like, ``limit`` films of it, of those that are allowed."""
        order = self.ranker.order
        kept = slice(0, limit) if allowed is None else np.flatnonzero(allowed[order.item_idx])[:limit]
        return self._popular(order.item_idx[kept].tolist(), order.scores[kept].tolist())

    def _popular(self, places: list[int], scores: list[float]) -> Picks:
        made = int(self.created_at.timestamp() * 1e6)
        return Picks(places, scores, [POPULAR] * len(places), generated_us=made)

    @cached_property
    def words(self) -> WordIndex:
        """The films by the words they are described with; made at the first wish that needs it."""
        return WordIndex(self.reader.words(), self.films)

    @cached_property
    def fame(self) -> FloatArray:
        """How popular each film is among all, 0-1, float32, shape (n_films,); half the way is the middle film."""
        order = self.ranker.order
        fame = np.zeros(len(self.films), dtype=np.float32)
        fame[order.item_idx] = np.linspace(1, 0, len(order.item_idx), dtype=np.float32)
        return fame

    def now_us(self) -> int:
        """Return the time now, microseconds since 1970-01-01 UTC, for lists made at this moment."""
        return time.time_ns() // 1000

    @property
    def explained(self) -> int:
        """How many films of a list carry reasons."""
        return 10


class Snapshots:
    """Watches CURRENT and keeps the snapshot of the release it names."""

    def __init__(self, folder: DataFolder, settings: ServingSettings) -> None:
        self._folder, self._store, self._settings = folder, ReleaseStore(folder), settings
        self._busy = asyncio.Lock()
        self._broken: tuple[str, float] = ("", 0.0)
        self._suppressed: frozenset[str] = frozenset()
        self._seen = (0, 0)
        self.current: Snapshot | None = None
        self.failures = 0

    async def refresh(self) -> bool:
        """Open the release that CURRENT names if it is not the one being served; tell whether it changed."""
        async with self._busy:
            self._read_suppressed()
            try:
                wanted = self._store.current_id()
            except NoReleaseError:
                return False
            if self.current is not None and self.current.release_id == wanted:
                return False
            if self._broken[0] == wanted and time.monotonic() - self._broken[1] < RETRY_BROKEN_SECONDS:
                return False
            return await self._swap(wanted)

    def _read_suppressed(self) -> None:
        """Take up who has been forgotten since the last look."""
        path = self._store.home / "SUPPRESSED"
        try:
            found = path.stat()
        except FileNotFoundError:
            return
        if (found.st_mtime_ns, found.st_ino) != self._seen:
            self._seen = (found.st_mtime_ns, found.st_ino)
            self._suppressed = suppressed(self._folder)
            if self.current is not None:
                self.current.suppressed = self._suppressed

    async def _swap(self, wanted: str) -> bool:
        started = time.monotonic()
        try:
            fresh = await asyncio.to_thread(lambda: Snapshot(self._store.get(wanted), self._settings))
        except (PlaybillError, OSError, KeyError, ValueError) as error:
            self._broken = (wanted, time.monotonic())
            self.failures += 1
            log.error("release not opened release=%s reason=%r", wanted, str(error))  # noqa: TRY400 - one line is enough
            return False
        fresh.suppressed = self._suppressed
        self.current = fresh
        log.info(
            "release opened release=%s model=%s users=%d films=%d in_memory=%s seconds=%.2f",
            wanted, fresh.model.name, fresh.lists.people, len(fresh.films), fresh.lists.in_memory,
            time.monotonic() - started,
        )  # fmt: skip
        return True

    async def watch(self) -> None:
        """Look for another release, again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            try:
                await self.refresh()
            except OSError as error:
                log.warning("releases not readable reason=%r", str(error))
