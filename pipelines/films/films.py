"""The films a model knows, in the order of its arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pipelines.people.history import IntArray, ItemArray


@dataclass(frozen=True)
class Films:
    """The item side of training: which films there are, and what is known of them.

    Attributes
    ----------
    movie_ids : int64 array, shape (n_items,)
        Strictly ascending, so that a lower item_idx is a lower movie_id. TMDB ids in a release; in an
        evaluation the data set's own ids.
    metadata : DataFrame, n_items rows in the same order, or no columns
        Any of title, year, genres, keywords, cast_names, directors, overview, tags. Models that read text use
        what is there; the others ignore it.
    """

    movie_ids: IntArray
    metadata: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __len__(self) -> int:
        return len(self.movie_ids)

    def index_of(self, movie_ids: ArrayLike) -> ItemArray:
        """Return the item_idx of each movie_id, -1 for a film that is not known, int32."""
        wanted = np.asarray(movie_ids, dtype=np.int64)
        if len(self.movie_ids) == 0:
            return np.full(wanted.shape, -1, dtype=np.int32)
        place = np.minimum(np.searchsorted(self.movie_ids, wanted), len(self.movie_ids) - 1)
        return np.where(self.movie_ids[place] == wanted, place, -1).astype(np.int32)
