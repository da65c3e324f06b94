"""Lists for many people from one model: ranked, filled up, each film with its source and its reasons.

The nightly batch calls this over everybody's histories, the live path over one. It is the only place that turns a
model into a list, so the two agree.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipelines.films.films import Films
from pipelines.lists.arrow import because_column
from pipelines.lists.filling import fill_up, filling_order
from pipelines.models.base import Model
from pipelines.models.parts.top_k import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories, IntArray, ItemArray
from pipelines.people.reader import People
from pipelines.progress import step

REASONS = 3
"""Films that a recommendation is put down to, at most."""
POPULAR = "popular"
"""The source of a film that filled a list up."""


@dataclass(frozen=True)
class Ranked:
    """Finished lists.

    Attributes
    ----------
    lists : Lists
        ``item_idx`` are positions in ``films``.
    sources : pyarrow string array, shape (number of listed films,)
        What the model says of each film's source, or ``popular``.
    because : pyarrow array, a row a list
        STRUCT(movie_id, share)[][]: for the first films, up to three films of the history with their shares.
    """

    films: Films
    lists: Lists
    sources: pa.Array
    because: pa.Array

    @property
    def movie_ids(self) -> IntArray:
        """TMDB ids of all listed films, in the order of the lists."""
        return self.films.movie_ids[self.lists.item_idx]


@dataclass(frozen=True)
class Ranker:
    """A model with all that is worked out once for many lists.

    Attributes
    ----------
    model : Model
        Fitted on any films; those it does not know fill the list's end.
    films : Films
        Films that may be listed.
    here : int32 array, shape (model.n_items,)
        The place of each of the model's films in ``films``, -1 where it is not there.
    order : Lists
        One list of all ``films``, the best filler first.
    """

    model: Model
    films: Films
    here: ItemArray
    order: Lists

    @classmethod
    def of(cls, model: Model, popularity: PopularityModel, films: Films) -> Ranker:
        """Make a ranker; the popularity model says what fills a list up."""
        return cls(model, films, films.index_of(model.films.movie_ids), filling_order(popularity, films))

    def rank(self, people: People, *, length: int, explained: int, allowed: NDArray[np.bool_] | None = None) -> Ranked:
        """Make everybody's list.

        Parameters
        ----------
        length : int
            Films a list; fewer only where somebody has rated nearly everything, or where ``allowed`` holds fewer.
        explained : int
            How many of a list's first films carry reasons.
        allowed : bool array, shape (len(films),), optional
            Films that may be listed at all; by default every film.
        """
        known, seen = people.histories_in(self.model.films), people.histories_in(self.films)
        chosen = self.model.recommend(known, length, allowed=self._open_to_model(allowed))
        in_films = Lists(chosen.indptr, self.here[chosen.item_idx], chosen.scores)
        lists, filled = fill_up(in_films, seen, self.fillers(allowed), length)
        if not self.model.personal:
            filled[:] = True
        sources = np.full(len(filled), POPULAR, dtype=object)
        sources[~filled] = self.model.sources(known, chosen)[: int((~filled).sum())]
        return Ranked(
            self.films,
            lists,
            pa.array(sources.tolist(), type=pa.string()),
            self._because(known, chosen, lists, explained),
        )

    def _because(self, known: Histories, chosen: Lists, lists: Lists, explained: int) -> pa.Array:
        # many small systems: handing each to several threads costs more than solving it; for one list, even asking
        # for fewer threads does
        with threadpool_limits(1, "blas") if len(lists) > 1 else nullcontext():
            return _because(self.model, known, chosen, lists, explained)

    def _open_to_model(self, allowed: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        present: NDArray[np.bool_] = self.here >= 0
        return present if allowed is None else present & allowed[self.here]

    def fillers(self, allowed: NDArray[np.bool_] | None = None) -> Lists:
        """Return one list of the films that may fill a list up, the best first."""
        if allowed is None:
            return self.order
        kept = allowed[self.order.item_idx]
        items = self.order.item_idx[kept]
        return Lists(np.array([0, len(items)], dtype=np.int64), items, self.order.scores[kept])


def rank(
    model: Model, popularity: PopularityModel, people: People, films: Films, *, length: int, explained: int
) -> Ranked:
    """Make everybody's list from a model and films that are used once; see `Ranker.rank`."""
    return Ranker.of(model, popularity, films).rank(people, length=length, explained=explained)


def _because(model: Model, histories: Histories, chosen: Lists, lists: Lists, explained: int) -> pa.Array:
    """Explain the first films of each list; a film that filled it up has no reasons."""
    reasons, shares, per_film = [], [], [np.zeros(1, dtype=np.int64)]
    shown = np.minimum(np.diff(lists.indptr), explained)
    ids = model.films.movie_ids
    for row in range(len(lists)):
        if row % 1000 == 0 and len(lists) > 1:
            step("explain lists", row, len(lists))
        history = histories.take([row])
        items = chosen.row(row)[0][:explained]
        parts = model.explain(history, items) if len(history.item_idx) else np.zeros((len(items), 0), np.float32)
        order = np.argsort(-parts, axis=1, kind="stable")[:, :REASONS]
        kept = np.take_along_axis(parts, order, axis=1) > 0
        reasons.append(ids[history.item_idx[order[kept]]])
        shares.append(np.take_along_axis(parts, order, axis=1)[kept])
        counts = np.zeros(shown[row], dtype=np.int64)
        counts[: len(items)] = kept.sum(axis=1)
        per_film.append(counts)
    bounds = np.cumsum(np.concatenate(per_film))
    per_list = np.concatenate(([0], np.cumsum(shown)))
    empty: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    return because_column(per_list, bounds, np.concatenate(reasons or empty), np.concatenate(shares or empty))
