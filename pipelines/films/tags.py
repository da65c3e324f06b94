"""Tags: words that people put on films, and when; what an evaluation may read of them.

A tag that somebody gave to a film of their test part says that they have seen it, and one given later was not there to
be read: both are leaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.films.films import Films
from pipelines.people.history import IntArray, ItemArray

BoolArray = NDArray[np.bool_]
NOBODY = -1
"""Whose tag it is where its giver is not among the people."""


@dataclass(frozen=True)
class Tags:
    """Who put which word on which film, and when, in flat arrays.

    Attributes
    ----------
    user_idx : int64 array, shape (n_tags,)
        `NOBODY` for people who have rated nothing.
    item_idx : int32 array, shape (n_tags,)
        Positions in the `Films`.
    tagged_at : int64 array, shape (n_tags,)
        Seconds since 1970-01-01 UTC.
    words : sequence of str, n_tags of them
        Lower-cased, without spaces around.
    """

    user_idx: IntArray
    item_idx: ItemArray
    tagged_at: IntArray
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.user_idx)

    def take(self, kept: BoolArray) -> Tags:
        """Return the tags that are marked."""
        words = [word for word, chosen in zip(self.words, kept.tolist(), strict=True) if chosen]
        return Tags(self.user_idx[kept], self.item_idx[kept], self.tagged_at[kept], words)

    def before(
        self, user_idx: IntArray, item_idx: ItemArray, rated_at: IntArray, *, in_order: bool, moment: int | None = None
    ) -> Tags:
        """Return the tags that may be read where some ratings are held out: theirs are unknown, whenever given.

        Parameters
        ----------
        user_idx, item_idx, rated_at : arrays, shape (n_held,)
            The ratings that are held out.
        in_order : bool
            Whether people's later tags are unknown too: those given from their first held-out rating on.
        moment : int, optional
            Seconds from which everybody's tags are unknown.
        """
        n_items = 1 + int(max(self.item_idx.max(initial=0), item_idx.max(initial=0)))
        known = ~np.isin(self.user_idx * n_items + self.item_idx, user_idx * n_items + item_idx)
        n_users = 1 + int(max(self.user_idx.max(initial=0), user_idx.max(initial=0)))
        until = np.full(n_users + 1, np.iinfo(np.int64).max if moment is None else moment)  # the last is for nobody's
        if in_order:
            np.minimum.at(until, user_idx, rated_at)
        return self.take(known & (self.tagged_at < until[self.user_idx]))

    def on(self, films: Films) -> Films:
        """Return the films with these tags and no others, each film's most used first, then by the alphabet."""
        counts: list[dict[str, int]] = [{} for _ in range(len(films))]
        for item, word in zip(self.item_idx.tolist(), self.words, strict=True):
            counts[item][word] = counts[item].get(word, 0) + 1
        words = [[word for word, _ in sorted(told.items(), key=lambda pair: (-pair[1], pair[0]))] for told in counts]
        column = pd.Series(words, dtype=object, index=films.metadata.index if len(films.metadata) else None)
        return replace(films, metadata=films.metadata.assign(tags=column))


def tags_of(
    givers: Sequence[str],
    people: Sequence[str],
    movie_ids: NDArray[np.integer[Any]],
    seconds: NDArray[np.integer[Any]],
    words: Sequence[str],
    films: Films,
) -> Tags:
    """Make tags of loose rows; those of films that are not among ``films`` are left out, and empty ones.

    Parameters
    ----------
    givers, people : sequences of str
        Whose each tag is, and everybody in the order of ``user_idx``.
    """
    places = {user_id: place for place, user_id in enumerate(people)}
    plain = [word.strip().lower() for word in words]
    items = films.index_of(movie_ids)
    users = np.array([places.get(giver, NOBODY) for giver in givers], dtype=np.int64)
    kept = (items >= 0) & np.array([bool(word) for word in plain], dtype=np.bool_)
    return Tags(users, items, np.asarray(seconds, dtype=np.int64), plain).take(kept)
