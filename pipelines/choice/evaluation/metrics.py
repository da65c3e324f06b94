"""Ranking metrics over many lists at once; each is written so that it can be checked by hand.

Every metric of a list is between 0 and 1 except novelty (bits). A person's relevant films that no model could rank
still count: the ranking is over the full catalogue, never over sampled negatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from pipelines.films.films import Films
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import IntArray, ItemArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Hits:
    """Lists laid against what was relevant.

    Attributes
    ----------
    top : int64 array, shape (n, k)
        item_idx by rank, -1 where a list is shorter than k.
    relevant : bool array, shape (n, k)
        Whether the film at that rank was relevant.
    n_relevant : int64 array, shape (n,)
        Relevant films of each person, at least 1.
    """

    top: IntArray
    relevant: NDArray[np.bool_]
    n_relevant: IntArray


def lay_out(lists: Lists, k: int) -> IntArray:
    """Return the first k films of each list as a matrix, -1 where a list is shorter, int64, shape (n, k)."""
    length = np.minimum(np.diff(lists.indptr), k)
    column = np.arange(k)
    filled = column < length[:, None]
    top = np.full((len(lists), k), -1, dtype=np.int64)
    top[filled] = lists.item_idx[(lists.indptr[:-1, None] + column)[filled]]
    return top


def find_hits(top: IntArray, relevant_indptr: IntArray, relevant_idx: ItemArray, n_items: int) -> Hits:
    """Mark which ranks hold a relevant film.

    Parameters
    ----------
    top : int64 array, shape (n, k)
        As `lay_out` gives it.
    relevant_indptr, relevant_idx : int arrays
        Relevant films of person ``u`` in ``relevant_idx[relevant_indptr[u]:relevant_indptr[u + 1]]``.
    """
    n_relevant = np.diff(relevant_indptr)
    keys = np.sort(np.repeat(np.arange(len(n_relevant)), n_relevant) * n_items + relevant_idx)
    asked = np.arange(len(top))[:, None] * n_items + top
    if len(keys) == 0:
        return Hits(top, np.zeros(top.shape, dtype=bool), n_relevant)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return Hits(top, (keys[place] == asked) & (top >= 0), n_relevant)


def recall(hits: Hits) -> Values:
    """Hits over all relevant films, however many."""
    return _divide(hits.relevant.sum(axis=1), hits.n_relevant)


def capped_recall(hits: Hits) -> Values:
    """Hits over the most that a list of k can hold, min(k, relevant): 1 is always in reach."""
    return _divide(hits.relevant.sum(axis=1), np.minimum(hits.n_relevant, hits.relevant.shape[1]))


def ndcg(hits: Hits) -> Values:
    """Discounted gain 1 / log2(rank + 1) of the hits over that of a perfect list.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, with gains of 0 and 1.
    """
    k = hits.relevant.shape[1]
    gain = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate(([0.0], np.cumsum(gain)))[np.minimum(hits.n_relevant, k)]
    return _divide(hits.relevant @ gain, ideal)


def average_precision(hits: Hits) -> Values:
    """Mean of the precision at each hit, over all relevant films (trec_eval's map_cut)."""
    k = hits.relevant.shape[1]
    precision = np.cumsum(hits.relevant, axis=1) / np.arange(1, k + 1)
    return _divide((precision * hits.relevant).sum(axis=1), hits.n_relevant)


def reciprocal_rank(hits: Hits) -> Values:
    """1 over the rank of the first hit, 0 without one."""
    first = hits.relevant.argmax(axis=1)
    return _divide(hits.relevant.any(axis=1), (first + 1) * (hits.n_relevant > 0))


def hit(hits: Hits) -> Values:
    """1 with at least one hit, else 0."""
    return _divide(hits.relevant.any(axis=1), hits.n_relevant > 0)


def full_list(top: IntArray) -> Values:
    """1 where a list is as long as was asked for, else 0."""
    full: Values = np.asarray((top >= 0).all(axis=1), dtype=np.float64)
    return full


def novelty(top: IntArray, popularity: IntArray, n_users: int) -> Values:
    """Mean surprise of the listed films in bits, ``-log2((raters + 1) / (n_users + 1))``; NaN for an empty list.

    Zhou et al., "Solving the apparent diversity-accuracy dilemma", PNAS 2010, with one rater added for cold films.
    """
    bits = -np.log2((popularity + 1) / (n_users + 1))
    listed = top >= 0
    return _divide((bits[top] * listed).sum(axis=1), listed.sum(axis=1))


def intra_list_diversity(top: IntArray, genres: sp.csr_matrix) -> Values:
    """Mean over the pairs of a list of 1 - the Jaccard similarity of their genres; NaN under two films.

    Two films without any genre are taken as different.
    """
    flags = np.asarray(genres.todense(), dtype=np.float32)
    listed = top >= 0
    described = flags[top] * listed[:, :, None]
    shared = np.einsum("nig,njg->nij", described, described, optimize=True)
    size = described.sum(axis=2)
    union = size[:, :, None] + size[:, None, :] - shared
    similar = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    above = np.triu(np.ones((top.shape[1], top.shape[1]), dtype=bool), 1)
    pairs = listed[:, :, None] & listed[:, None, :] & above
    return _divide(((1 - similar) * pairs).sum(axis=(1, 2)), pairs.sum(axis=(1, 2)))


def coverage(top: IntArray, n_items: int) -> float:
    """Share of the catalogue that is in at least one list."""
    return len(np.unique(top[top >= 0])) / n_items


def gini(top: IntArray, n_items: int) -> float:
    """Inequality of exposure over the catalogue: 0 when all films are listed equally often, towards 1 for one film."""
    exposure = np.sort(np.bincount(top[top >= 0], minlength=n_items))
    total = exposure.sum()
    if total == 0:
        return float("nan")
    place = np.arange(1, n_items + 1)
    return float((2 * place - n_items - 1) @ exposure / (n_items * total))


def top_exposure(top: IntArray, n_items: int, n_films: int = 10) -> float:
    """Share of all places that the most listed ``n_films`` films take; NaN where nothing is listed."""
    exposure = np.sort(np.bincount(top[top >= 0], minlength=n_items))
    total = exposure.sum()
    return float(exposure[-n_films:].sum() / total) if total else float("nan")


def overlap(top: IntArray, other: IntArray) -> Values:
    """Share of each list that the other model's list of the same person holds too; NaN for an empty list."""
    common = ((top[:, :, None] == other[:, None, :]) & (top[:, :, None] >= 0)).any(axis=2).sum(axis=1)
    return _divide(common, (top >= 0).sum(axis=1))


def genre_flags(films: Films) -> sp.csr_matrix | None:
    """Return film × genre flags, or None when the films come without genres."""
    if "genres" not in films.metadata:
        return None
    lists = [list(value) if value is not None else [] for value in films.metadata["genres"]]
    names = {name: column for column, name in enumerate(sorted({name for row in lists for name in row}))}
    rows = np.repeat(np.arange(len(lists)), [len(row) for row in lists])
    columns = [names[name] for row in lists for name in row]
    shape = (len(lists), max(1, len(names)))
    return sp.csr_matrix((np.ones(len(columns), dtype=np.float32), (rows, columns)), shape=shape)


def _divide(numerator: ArrayLike, denominator: ArrayLike) -> Values:
    """Divide; NaN where there is nothing to divide by, which is "not measured"."""
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    quotient: Values = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return quotient
