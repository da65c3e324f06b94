"""One release, opened whole: its lists, films, file and models, and what answers are made from."""

from __future__ import annotations

import time
from datetime import datetime
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from pipelines.blend.catalogue import load_model
from pipelines.blend.one_pass import warm_up
from pipelines.films.search import FilmSearch
from pipelines.lists.rank import POPULAR, Ranker
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityModel
from pipelines.people.suppression import user_hash
from pipelines.settings_sections import ListSettings, ServingSettings
from serving.films import FilmTable
from serving.lists.chances import Chances
from serving.lists.everybody import Picks, StoredLists
from serving.lists.making import Rated, make_list
from serving.words.facts import Facts
from warehouse.errors import BrokenReleaseError
from warehouse.release_reader import ReleaseReader, StoredHistory
from warehouse.store import Release

FORMAT = 2
"""Rises when the bytes of an answer change, so that caches of older ones are not believed."""


TRIED_FILMS = 3


class Snapshot:
    """One release, opened. Nothing in it changes but who is forgotten.

    Nothing in it refers back to it, so that it is closed, with every file it maps, when the last request lets go.

    Raises
    ------
    PlaybillError
        If a file of it cannot be read or holds a number that is none.
    """

    def __init__(self, release: Release, settings: ServingSettings) -> None:
        self.release_id = release.release_id
        self.manifest = release.manifest
        self.suppressed: frozenset[str] = frozenset()
        self.created_at = datetime.fromisoformat(release.manifest["created_at"])
        self.poster_base_url = settings.poster_base_url
        self.reader = ReleaseReader(release.database, poster_base_url=settings.poster_base_url)
        self.reader.check_numbers()
        self.films = FilmTable(self.reader.films())
        self.lists = StoredLists(self.reader, self.films, memory_mb=settings.lists_memory_mb)
        self.scopes = {scope: self._scope(rows) for scope, rows in self.reader.popular().items()}
        popularity = PopularityModel.load(release.models / PopularityModel.name)
        self.model = load_model(release.models / str(release.manifest["model"]))
        warm_up()
        self.ranker = Ranker.of(self.model, popularity, self.films.films).ready()
        self.baseline = Ranker.of(popularity, popularity, self.films.films).ready()
        facts = self.reader.facts()
        self.facts = Facts(facts, self.films, FilmSearch.load(release.path / "search"))
        likes, ratings = (facts[name].fill_null(0).to_numpy().astype(np.int64) for name in ("likes", "ratings"))
        self.chances = Chances(self.reader.chances(), self.ranker.order, likes, ratings)
        self.stars = load_model(release.models / "stars") if self.manifest.get("stars") else None
        content = self._content(release)
        self.content = None if content is None else Ranker.of(content, popularity, self.films.films).ready()

    @property
    def etag(self) -> str:
        """What tells an answer of this release from another; somebody's being forgotten changes it too."""
        return f'W/"{self.release_id}.{FORMAT}.{len(self.suppressed)}"'

    @property
    def outdated_etag(self) -> str:
        """What tells a list that is said to be outdated from the same list before anybody knew."""
        return f'{self.etag[:-1]}.outdated"'

    def find(self, user_id: str, limit: int | None = None) -> Picks | None:
        """Return somebody's stored list, or None; somebody forgotten has none."""
        picks = None if self.forgot(user_id) else self.lists.find(user_id, limit)
        if picks is not None:
            picks.ranked_by = self.model.name
        return picks

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
        return Picks(places, scores, [POPULAR] * len(places), generated_us=made, ranked_by=PopularityModel.name)

    def try_out(self) -> None:
        """Make a list from a made-up history with each ranker: arrays that do not fit each other fail here.

        Raises
        ------
        PlaybillError
            If one cannot be made, or not in numbers.
        """
        rows = [Rated(int(self.films.films.movie_ids[place]), 5.0, 0) for place in self.popular(TRIED_FILMS).places]
        for ranker in (self.ranker, self.baseline, self.content):
            if ranker is None or not rows:
                continue
            try:
                picks = make_list(ranker, rows, length=TRIED_FILMS, explained=TRIED_FILMS, generated_us=0)
            except (ValueError, IndexError, TypeError, ArithmeticError) as error:
                raise BrokenReleaseError(f"release {self.release_id} makes no list ({error}); roll back") from error
            if not all(map(isfinite, picks.scores)):
                raise BrokenReleaseError(f"release {self.release_id} makes lists without numbers; roll back to another")

    def now_us(self) -> int:
        """Return the time now, microseconds since 1970-01-01 UTC, for lists made at this moment."""
        return time.time_ns() // 1000

    @property
    def explained(self) -> int:
        """How many films of a list carry reasons: as many as when the release was made."""
        return int(self.manifest.get("explained", ListSettings().explained))
