"""Every list full: films that a model could not rank are followed by popular ones, then by any that are left."""

from __future__ import annotations

import numpy as np

from pipelines.films.films import Films
from pipelines.models.parts.top_k import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories


def filling_order(popularity: PopularityModel, films: Films) -> Lists:
    """Return all films as one list: by popularity, then those nobody rated, by movie_id.

    The score of a film nobody rated is 0.
    """
    scores = np.zeros(len(films), dtype=np.float32)
    places = popularity.films.index_of(films.movie_ids)
    known = places >= 0
    scores[known] = np.maximum(popularity.scores_[places[known]], 0)
    order = np.lexsort((np.arange(len(films)), -scores)).astype(np.int32)
    return Lists(np.array([0, len(order)], dtype=np.int64), order, scores[order])


def fill_up(
    lists: Lists, seen: Histories, order: Lists, k: int
) -> tuple[Lists, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Bring every list to k films, or to all there are.

    Parameters
    ----------
    lists, seen : Lists, Histories
        As many rows each, in the same films; a film in ``seen`` is never added.
    order : Lists
        One list of every film, the best filler first.
    k : int
        Films a list should hold; longer lists are cut.

    Returns
    -------
    lists : Lists
    filled : bool array, shape (number of listed films,)
        True where a film was added here.
    """
    rows, flags = [], []
    for row in range(len(lists)):
        items, scores = (part[:k] for part in lists.row(row))
        taken = seen.item_idx[seen.indptr[row] : seen.indptr[row + 1]]
        need = k - len(items)
        # the first need + taken + listed fillers surely hold enough new ones
        reach = slice(0, need + len(taken) + len(items)) if need else slice(0, 0)
        fresh = ~np.isin(order.item_idx[reach], np.concatenate((taken, items)))
        extra = np.flatnonzero(fresh)[:need]
        merged = np.concatenate((items, order.item_idx[extra])).astype(np.int32, copy=False)
        rows.append(Lists(np.array([0, len(merged)]), merged, np.concatenate((scores, order.scores[extra]))))
        flags.append(np.arange(len(merged)) >= len(items))
    return Lists.concatenate(rows), np.concatenate(flags) if flags else np.zeros(0, dtype=np.bool_)
