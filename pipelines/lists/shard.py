"""A shard of people's lists: item-side arrays and a batch of histories in, an Arrow record batch out.

A pure function: it reads nothing and writes nothing, so whoever calls it decides where it runs: processes on one
machine (`pipelines.engine.local`), or this one. What it gives is `recommendation_lists` but for the time.

    ranker = Ranker.of(load_model(folder / "hybrid"), PopularityModel.load(folder / "popularity"), films)
    batch = rank_shard(ranker, people, length=50, explained=10)
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pipelines.lists.arrow import list_column
from pipelines.lists.rank import Ranker
from pipelines.people.reader import People


def rank_shard(ranker: Ranker, people: People, *, length: int, explained: int) -> pa.RecordBatch:
    """Make the lists of some people, in their order.

    Parameters
    ----------
    length : int
        Films a list, as in `Ranker.rank`.
    explained : int
        How many of a list's first films carry reasons.

    Returns
    -------
    pyarrow.RecordBatch
        user_id, movie_ids INT[], scores FLOAT[], sources TEXT[], because STRUCT(movie_id INT, share FLOAT)[][].
    """
    finished = ranker.rank(people, length=length, explained=explained)
    bounds = finished.lists.indptr
    columns = {
        "user_id": pa.array(people.user_ids, type=pa.string()),
        "movie_ids": list_column(bounds, finished.movie_ids.astype(np.int32)),
        "scores": list_column(bounds, finished.lists.scores),
        "sources": list_column(bounds, finished.sources),
        "because": finished.because,
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
