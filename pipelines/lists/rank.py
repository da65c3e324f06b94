"""Histories in; lists, sources and reasons out: the only place that turns a model into lists.

The nightly batch calls it over everybody's histories (`shard`), the live path over one, an evaluation over a fold's
(`recommend`), so they agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.blend.one_pass import OnePass
from pipelines.blend.scored import Explained, Scored
from pipelines.blend.slots import give_slots
from pipelines.films.films import Films
from pipelines.lists.away import Away
from pipelines.lists.filling import fill_up, filling_order
from pipelines.lists.finished import FinishedLists, Reasons
from pipelines.models.base import Model
from pipelines.models.parts.top_k import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories, ItemArray
from pipelines.people.reader import People

REASONS = 3
"""Films that a recommendation is put down to, at most."""
POPULAR = PopularityModel.source
"""The source of a film that filled a list up."""


def recommend(model: Model, histories: Histories, k: int) -> Lists:
    """Rank the k best unseen films for each history by one model; nothing is filled up.

    Returns
    -------
    Lists
        Score descending, movie_id ascending among equals. Fewer than k where the model can score no more.
    """
    return Lists.concatenate(list(OnePass(model).each(histories, lambda batch: best_films(model, batch, k))))


def best_films(model: Model, batch: Scored, k: int, allowed: NDArray[np.bool_] | None = None) -> Lists:
    """Return the best films of a batch; where the model says so, some places go to films that nobody rated.

    Parameters
    ----------
    allowed : bool array, shape (n_items,), optional
        Films that may be listed at all; by default every film.
    """
    lists = batch.best(k, allowed=allowed)
    every = getattr(model.config, "cold_every", 0)
    if every == 0:
        return lists
    cold = model.cold_ if allowed is None else model.cold_ & allowed  # type: ignore[attr-defined]
    return give_slots(lists, batch.best(k // every, allowed=cold), every, k)


@dataclass(frozen=True)
class Ranker:
    """A model with all that is worked out once for many lists.

    Attributes
    ----------
    model : Model
        Fitted on any films; those it does not know fill the list's end.
    one_pass : OnePass
        Its channels.
    known : Films
        The films it was fitted on.
    films : Films
        Films that may be listed.
    places : int32 array, shape (model.n_items,)
        The place of each of the model's films in ``films``, -1 where it is not there.
    order : Lists
        One list of all ``films``, the best filler first.
    away : Away
        Another order of them for those who have told what they dislike.
    """

    model: Model
    one_pass: OnePass
    known: Films
    films: Films
    places: ItemArray
    order: Lists
    away: Away

    @classmethod
    def of(cls, model: Model, popularity: PopularityModel, films: Films) -> Ranker:
        """Make a ranker; the popularity model says what fills a list up."""
        order = filling_order(popularity, films)
        known = model.films
        places = films.index_of(known.movie_ids)
        return cls(model, OnePass(model), known, films, places, order, Away(model, films))

    def ready(self) -> Ranker:
        """Work out now what only some lists need, so that no request waits for it; return this ranker."""
        _ = self.away.one_pass
        return self

    def rank(
        self,
        people: People,
        *,
        length: int,
        explained: int,
        allowed: NDArray[np.bool_] | None = None,
        below: float | None = None,
    ) -> FinishedLists:
        """Make everybody's list.

        Parameters
        ----------
        length : int
            Films a list; fewer only where somebody has rated nearly everything, or where ``allowed`` holds fewer.
        explained : int
            How many of a list's first films carry reasons.
        allowed : bool array, shape (len(films),), optional
            Films that may be listed at all; by default every film.
        below : float, optional
            The score that no film may exceed where nothing is ranked and the list continues another one.
        """
        known, seen = people.histories_in(self.known), people.histories_in(self.films)
        open_to_model = self._open_to_model(allowed)
        ranked, speakers, reasons = [], [np.zeros(0, dtype=np.int64)], []
        for batch in self.one_pass.batches(known):
            lists = best_films(self.model, batch, length, open_to_model)
            ranked.append(lists)
            words = batch.explain(lists, explained, REASONS)
            speakers.append(self._speakers(words))
            reasons.append((int(known.indptr[batch.first]), words))
        chosen = Lists.concatenate(ranked)
        in_films = Lists(chosen.indptr, self.places[chosen.item_idx], chosen.scores)
        fillers, short = self.fillers(allowed), np.flatnonzero(np.diff(in_films.indptr) < length)
        own = self.away.orders(known, short, fillers)
        lists, filled = fill_up(in_films, seen, fillers, length, own=own, below=below)
        names = [channel.model.source for channel in self.one_pass.channels]
        codes = np.full(len(filled), len(names), dtype=np.int32)
        codes[~filled] = np.concatenate(speakers)
        movie_ids = self.known.movie_ids[known.item_idx]
        because = Reasons.of(movie_ids, reasons, np.minimum(np.diff(lists.indptr), explained))
        return FinishedLists(self.films, lists, codes, [*names, POPULAR], because)

    def _speakers(self, words: Explained) -> NDArray[np.int64]:
        """Return, for each listed film, the channel that says most for it."""
        speakers: NDArray[np.int64] = np.where(self.one_pass.readers.positive, words.says, -np.inf).argmax(axis=1)
        return speakers

    def _open_to_model(self, allowed: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        present: NDArray[np.bool_] = self.places >= 0
        return present if allowed is None else present & allowed[self.places]

    def fillers(self, allowed: NDArray[np.bool_] | None = None) -> Lists:
        """Return one list of the films that may fill a list up, the best first."""
        if allowed is None:
            return self.order
        kept = allowed[self.order.item_idx]
        items = self.order.item_idx[kept]
        return Lists(np.array([0, len(items)], dtype=np.int64), items, self.order.scores[kept])
