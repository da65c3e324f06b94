"""What listed films are due to, compiled: arrays in, arrays out, as in `kernel`."""

from __future__ import annotations

from functools import partial
from typing import Any

from pipelines.models.parts.compiled import LINE, compiled, prefetch


@partial(compiled, arguments="i8:1 i4:1 f4:1 i8:1 i4:1 f4:2 i8:1 f4:1 i8:1 i4:1 i8:1 i8:1 i4:1! i4:1! f4:2! f4:1!")
def read_back(  # noqa: PLR0912 - a kernel is one piece: numba compiles no call to another cheaply
    indptr: Any, indices: Any, data: Any, bounds: Any, items: Any, weights: Any, channels: Any, for_it: Any,
    list_bounds: Any, listed: Any, explained: Any, cells: Any, place: Any, hits: Any, raw: Any, added: Any,
) -> None:  # fmt: skip
    """Read a film × film matrix again for listed films alone: their scores, and what each rating gave them.

    Parameters
    ----------
    indptr, indices, data, bounds, items, weights, channels
        As in `kernel.add_sparse`, but the weights are the whole ones; columns ascend within a row of the matrix.
    for_it : float32 array, shape (n_ratings,)
        What each rating weighs in all channels that speak for films, together.
    list_bounds, listed : int64 and int32 arrays
        The listed films of each history, each once.
    explained : int64 array, shape (n_histories,)
        How many of them, from the first, are explained.
    cells : int64 array, shape (n_histories + 1,)
        Where each history's part of ``added`` begins.
    place : int32 array, shape (n_items,), all 0
        Written over and left so.
    hits : int32 array, shape (n_items,), written over
    raw : float32 array, shape (n_listed, n_channels), added to
        0 for what the history holds, as in `kernel.add_sparse`.
    added : float32 array, added to
        A row an explained film, a column a rating, one history after the other.
    """
    for p in range(len(bounds) - 1):
        low, start, n_ratings = list_bounds[p], bounds[p], bounds[p + 1] - bounds[p]
        for at in range(low, list_bounds[p + 1]):
            place[listed[at]] = at - low + 1
        for r in range(start, bounds[p + 1]):
            place[items[r]] = 0
        for r in range(start, bounds[p + 1]):
            reads = for_it[r] != 0
            for c in range(len(weights)):
                reads |= weights[c, r] != 0
            if not reads or low == list_bounds[p + 1]:
                continue
            begin, behind = indptr[items[r]], indptr[items[r] + 1]
            films, values = indices[begin:behind], data[begin:behind]
            n_hits = 0
            following, end = 0, 0
            if r + 1 < bounds[p + 1]:
                following, end = indptr[items[r + 1]], indptr[items[r + 1] + 1]
            for part in range(0, len(films), LINE):
                if following + part < end:
                    prefetch(indices, following + part)
                    prefetch(data, following + part)
                for e in range(part, min(part + LINE, len(films))):
                    hits[n_hits] = e  # no guess of which films are listed: a wrong one costs more than all the rest
                    n_hits += place[films[e]] != 0
            for hit in range(n_hits):
                e = hits[hit]
                at = place[films[e]] - 1
                for c in range(len(weights)):
                    raw[low + at, channels[c]] += weights[c, r] * values[e]
                if at < explained[p]:
                    added[cells[p] + at * n_ratings + r - start] += for_it[r] * values[e]
        for at in range(low, list_bounds[p + 1]):
            place[listed[at]] = 0


@partial(compiled, arguments="i8:1 i8:1 i8:1 f4:1 i8:2! f4:2!")
def largest_shares(bounds: Any, list_bounds: Any, cells: Any, added: Any, ratings: Any, shares: Any) -> None:
    """Find, for each listed film, the ratings that gave it most, and their shares of all that was given.

    Parameters
    ----------
    bounds, cells, added
        As in `read_back`; what is negative counts nothing.
    list_bounds : int64 array, shape (n_histories + 1,)
        The explained films of each history.
    ratings : int64 array, shape (n_listed, n_reasons), written
        Places of the ratings in the flat arrays, the largest share first, the earlier among equals.
    shares : float32 array, shape (n_listed, n_reasons), written
        0 to 1; 0 where there is no further reason.
    """
    n_reasons = shares.shape[1]
    for p in range(len(bounds) - 1):
        n_ratings = bounds[p + 1] - bounds[p]
        for place in range(list_bounds[p], list_bounds[p + 1]):
            start = cells[p] + (place - list_bounds[p]) * n_ratings
            whole = 0.0
            for r in range(n_ratings):
                value = added[start + r]
                if value <= 0:
                    continue
                whole += value
                at = n_reasons
                while at > 0 and value > shares[place, at - 1]:
                    at -= 1
                    if at + 1 < n_reasons:
                        shares[place, at + 1], ratings[place, at + 1] = shares[place, at], ratings[place, at]
                if at < n_reasons:
                    shares[place, at], ratings[place, at] = value, bounds[p] + r
            if whole > 0:
                for at in range(n_reasons):
                    shares[place, at] /= whole
