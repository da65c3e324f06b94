"""Every list full: films that a model could not rank are followed by popular ones, then by any that are left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.films.films import Films
from pipelines.models.parts.top_k import Lists
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import FloatArray, Histories


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
    lists: Lists,
    seen: Histories,
    order: Lists,
    k: int,
    *,
    own: Mapping[int, Lists] | None = None,
    below: float | None = None,
) -> tuple[Lists, NDArray[np.bool_]]:
    """Bring every list to k films, or to all there are.

    Scores never rise: behind a ranked film a filler bears the last one's score, less what its popularity misses of the
    most popular film's (0 to 1). A list of fillers alone bears their popularity.

    Parameters
    ----------
    lists, seen : Lists, Histories
        As many rows each, in the same films; a film in ``seen`` is never added.
    order : Lists
        One list of every film, the best filler first.
    k : int
        Films a list should hold; longer lists are cut.
    own : mapping of int to Lists, optional
        Rows that have a filling order of their own, of the same films (`pipelines.lists.away`).
    below : float, optional
        The score that a list of fillers alone begins under, where it continues another list.

    Returns
    -------
    lists : Lists
    filled : bool array, shape (number of listed films,)
        True where a film was added here.
    """
    lengths = np.minimum(np.diff(lists.indptr), k)
    rows = [_cut(lists, row, k) for row in range(len(lists))] if (lengths < k).any() else []
    if not rows:
        kept = _flat(lists.indptr, lengths)
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return Lists(indptr, lists.item_idx[kept], lists.scores[kept]), np.zeros(len(kept), dtype=np.bool_)
    flags = []
    for row, (items, scores) in enumerate(rows):
        taken = seen.item_idx[seen.indptr[row] : seen.indptr[row + 1]]
        need = k - len(items)
        # the first need + taken + listed fillers surely hold enough new ones
        reach = slice(0, need + len(taken) + len(items)) if need else slice(0, 0)
        fillers = (own or {}).get(row, order)
        fresh = ~np.isin(fillers.item_idx[reach], np.concatenate((taken, items)))
        extra = np.flatnonzero(fresh)[:need]
        last = float(scores[-1]) if len(scores) else below
        merged = np.concatenate((items, fillers.item_idx[extra])).astype(np.int32, copy=False)
        rows[row] = merged, np.concatenate((scores, _filler_scores(fillers.scores, extra, last)))
        flags.append(np.arange(len(merged)) >= len(items))
    indptr = np.concatenate(([0], np.cumsum([len(items) for items, _ in rows]))).astype(np.int64)
    full = Lists(indptr, np.concatenate([items for items, _ in rows]), np.concatenate([values for _, values in rows]))
    return full, np.concatenate(flags)


def _filler_scores(popularity: FloatArray, places: NDArray[np.int64], last: float | None) -> FloatArray:
    """Return the scores of fillers behind a film of score ``last``; their popularity where there is none."""
    if last is None or len(places) == 0:
        return popularity[places]
    share = popularity[places] / max(float(popularity.max()), 1e-9)
    return (np.float32(last) - (1 - share)).astype(np.float32)


def _cut(lists: Lists, row: int, k: int) -> tuple[NDArray[np.int32], FloatArray]:
    items, scores = lists.row(row)
    return items[:k], scores[:k]


def _flat(indptr: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the flat places of the first ``lengths`` entries of each list."""
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    places: NDArray[np.int64] = np.arange(bounds[-1]) + np.repeat(indptr[:-1] - bounds[:-1], lengths)
    return places
