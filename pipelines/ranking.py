"""Lists for many people from one model: ranked, filled up, each film with its source and its reasons.

The nightly batch calls this over everybody's histories, the live path over one. It is the only place that turns a
model into a list, so the two agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.arrow import because_column
from pipelines.filling import fill_up, filling_order
from pipelines.history import Histories, IntArray
from pipelines.models.base import Model
from pipelines.models.films import Films
from pipelines.models.lists import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.people import People
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
        The model's name, or ``popular``.
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


def rank(
    model: Model, popularity: PopularityModel, people: People, films: Films, *, length: int, explained: int
) -> Ranked:
    """Make everybody's list.

    Parameters
    ----------
    model : Model
        Fitted on any films; those it does not know fill the list's end.
    films : Films
        Films that may be listed.
    length : int
        Films a list; fewer only where somebody has rated nearly everything.
    explained : int
        How many of a list's first films carry reasons.
    """
    known, seen = people.histories_in(model.films), people.histories_in(films)
    here = films.index_of(model.films.movie_ids)
    chosen = model.recommend(known, length, allowed=here >= 0)
    in_films = Lists(chosen.indptr, here[chosen.item_idx], chosen.scores)
    lists, filled = fill_up(in_films, seen, filling_order(popularity, films), length)
    filled |= not model.personal
    sources = pa.array(np.where(filled, POPULAR, model.name))
    return Ranked(films, lists, sources, _because(model, known, chosen, lists, explained))


def _because(model: Model, histories: Histories, chosen: Lists, lists: Lists, explained: int) -> pa.Array:
    """Explain the first films of each list; a film that filled it up has no reasons."""
    reasons, shares, per_film = [], [], [np.zeros(1, dtype=np.int64)]
    shown = np.minimum(np.diff(lists.indptr), explained)
    ids = model.films.movie_ids
    for row in range(len(lists)):
        if row % 1000 == 0:
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
