"""Lists as they are stored and served: flat arrays, and the same as Arrow's columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.blend.scored import Explained
from pipelines.films.films import Films
from pipelines.lists.arrow import because_column, named_column
from pipelines.models.parts.top_k import Lists
from pipelines.people.history import FloatArray, IntArray


@dataclass(frozen=True)
class Reasons:
    """What the first films of some lists are put down to.

    Attributes
    ----------
    per_list : int64 array, shape (n_lists + 1,)
        Bounds of each list's explained films.
    per_film : int64 array, shape (n_explained + 1,)
        Bounds of each explained film's reasons; a film that filled a list up has none.
    movie_ids, shares : int64 and float32 arrays, shape (n_reasons,)
        Films of the history, the largest share first, 0 to 1.
    """

    per_list: IntArray
    per_film: IntArray
    movie_ids: IntArray
    shares: FloatArray

    @classmethod
    def of(cls, movie_ids: IntArray, parts: list[tuple[int, Explained]], shown: IntArray) -> Reasons:
        """Join what batches explained.

        Parameters
        ----------
        movie_ids : int64 array
            The film of each rating of all histories.
        parts : list of (int, Explained)
            With the place of each batch's first rating.
        shown : int64 array, shape (n_lists,)
            How many films of each list are explained: those of ``parts``, and behind them some that filled it up.
        """
        counts, lengths = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        ids, shares = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
        for offset, part in parts:
            kept = part.shares > 0
            counts.append(kept.sum(axis=1))
            ids.append(movie_ids[part.ratings[kept] + offset])
            shares.append(part.shares[kept])
            lengths.append(np.diff(part.indptr))
        per_list = np.concatenate(([0], np.cumsum(shown))).astype(np.int64)
        own = np.concatenate(lengths)
        bounds = np.concatenate(([0], np.cumsum(own)))
        n_reasons = np.zeros(per_list[-1], dtype=np.int64)
        n_reasons[np.arange(bounds[-1]) + np.repeat(per_list[:-1] - bounds[:-1], own)] = np.concatenate(counts)
        per_film = np.concatenate(([0], np.cumsum(n_reasons))).astype(np.int64)
        return cls(per_list, per_film, np.concatenate(ids), np.concatenate(shares))


@dataclass(frozen=True)
class FinishedLists:
    """Lists with their sources and reasons.

    Attributes
    ----------
    lists : Lists
        ``item_idx`` are positions in ``films``.
    speakers : int32 array, shape (n_listed,)
        Whose word counts most for each film, a place in ``names``.
    names : list of str
        Sources: what models are called where lists are shown.
    reasons : Reasons
    """

    films: Films
    lists: Lists
    speakers: NDArray[np.int32]
    names: list[str]
    reasons: Reasons

    @property
    def movie_ids(self) -> IntArray:
        """TMDB ids of all listed films, in the order of the lists."""
        return self.films.movie_ids[self.lists.item_idx]

    @property
    def sources(self) -> pa.Array:
        """What the model says of each film's source, or ``popular``: a string array, shape (n_listed,)."""
        return named_column(self.speakers, self.names)

    @property
    def because(self) -> pa.Array:
        """STRUCT(movie_id, share)[][], a row a list: for the first films, up to three of the history."""
        reasons = self.reasons
        return because_column(reasons.per_list, reasons.per_film, reasons.movie_ids, reasons.shares)
