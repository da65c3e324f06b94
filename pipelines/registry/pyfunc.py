"""What MLflow loads a registered version with: `mlflow.pyfunc.load_model("models:/playbill@champion")`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.blend.catalogue import load_model
from pipelines.lists.rank import Ranker
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories
from pipelines.people.reader import People

if TYPE_CHECKING:
    import pandas as pd


class ListMaker:
    """Histories in, lists out, by the code that makes the nightly ones.

    Parameters
    ----------
    ranker : Ranker
        Over the films that its model knows.
    """

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker

    def predict(self, histories: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return everybody's list.

        Parameters
        ----------
        histories : DataFrame
            A row a rating: user_id, movie_id (TMDB), rating (0.5-5 stars), rated_at (seconds since 1970).
        params : dict, optional
            ``k``: films a list, 10 by default.

        Returns
        -------
        DataFrame
            user_id, rank from 1, movie_id, score; by user_id and rank.
        """
        import pandas as pd
        import pyarrow as pa

        users, owner = np.unique(histories["user_id"].astype(str).to_numpy(dtype=object), return_inverse=True)
        movie_ids, items = np.unique(histories["movie_id"].to_numpy(dtype=np.int64), return_inverse=True)
        rated = Histories.from_columns(owner, items, histories["rating"], histories["rated_at"], len(users))
        people = People([str(user) for user in users], rated, movie_ids, pa.nulls(len(items), pa.string()))
        lists = self._ranker.rank(people, length=int((params or {}).get("k", 10)), explained=0)
        lengths = np.diff(lists.lists.indptr)
        first = np.repeat(lists.lists.indptr[:-1], lengths)
        return pd.DataFrame({
            "user_id": np.repeat(users, lengths),
            "rank": np.arange(len(lists.lists.item_idx)) - first + 1,
            "movie_id": lists.movie_ids,
            "score": lists.lists.scores.astype(np.float64),
        })  # fmt: skip


def _load_pyfunc(path: str) -> ListMaker:
    """Load a version's files; MLflow calls it by this name."""
    home = Path(path)
    model = load_model(home / (home / "model.txt").read_text(encoding="utf-8").strip())
    popularity = PopularityModel.load(home / PopularityModel.name)
    return ListMaker(Ranker.of(model, popularity, model.films))
