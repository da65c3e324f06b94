"""Popular films away from what somebody disliked: how a list is filled up for those who have told what they hate.

A dislike speaks for no film, so a history of dislikes alone ranks none; its list is all fillers. Among them a film's
popularity is damped by its likeness to what was disliked, as `similar_films` knows likeness.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from pipelines.blend.one_pass import OnePass
from pipelines.films.films import Films
from pipelines.lists.similar import alike_channels
from pipelines.models.base import Model
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import FloatArray, Histories, IntArray

PER_DEVIATION = 1.0
"""A film's popularity is divided by e for so many deviations of likeness to the disliked above the mean film's."""


class Away:
    """A model's likeness of films, turned against what people disliked.

    Parameters
    ----------
    model : Model
        One that cannot tell how alike films are leaves popularity as it is.
    films : Films
        Those of the filling order; films that the model does not know are like nothing.
    """

    def __init__(self, model: Model, films: Films) -> None:
        self._n_films, self._places = len(films), films.index_of(model.films.movie_ids)
        self._model = model

    @cached_property
    def one_pass(self) -> OnePass | None:
        """The channels of likeness, made when they are first asked for: at MovieLens 32M's size they take seconds.

        Whoever answers requests asks for them before the first.
        """
        told = alike_channels(self._model)
        # what is known of films, where a model knows it: who rates both says that both are famous, and a popular film
        # is no less to anybody's taste for that
        channels = [channel for channel in told if channel.model.of_films_alone] or told
        return OnePass(self._model, channels) if channels else None

    def orders(self, histories: Histories, rows: IntArray, order: Lists) -> dict[int, Lists]:
        """Return, for those of these rows that hold a dislike, their own filling order.

        Parameters
        ----------
        histories : Histories
            In the model's films.
        order : Lists
            One list of films, the best filler first; scores at least 0.
        """
        own = histories.take(rows)
        kept = own.disliked
        if not kept.any() or self.one_pass is None:
            return {}
        bounds = np.concatenate(([0], np.cumsum(kept)))[own.indptr].astype(np.int64)
        disliked = Histories(bounds, own.item_idx[kept], own.ratings[kept], own.rated_at[kept])
        orders = {}
        for batch in self.one_pass.batches(disliked):
            for place, likeness in enumerate(batch.total + batch.constant[:, None]):
                if disliked.lengths[batch.first + place]:
                    orders[int(rows[batch.first + place])] = self._order(likeness, order)
        return orders

    def _order(self, likeness: FloatArray, order: Lists) -> Lists:
        alike = np.zeros(self._n_films, dtype=np.float32)
        known = self._places >= 0
        alike[self._places[known]] = likeness[known]
        scores = (order.scores * np.exp(-np.maximum(alike[order.item_idx], 0) / PER_DEVIATION)).astype(np.float32)
        best = np.argsort(-scores, kind="stable")
        return Lists(order.indptr, order.item_idx[best], scores[best])
