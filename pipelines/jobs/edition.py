"""What a release is made from, read once: whose arrays rank, everybody's histories and the films."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from pipelines.engine.handed import read_shards
from pipelines.engine.local import rank_everybody
from pipelines.films.films import Films
from pipelines.jobs.active import Active
from pipelines.jobs.winner import Winner
from pipelines.lists import tables
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityModel
from pipelines.people.reader import People, read_films, read_people
from pipelines.runs import Workbench
from warehouse.folder import DataFolder


@dataclass(frozen=True)
class Edition:
    """Inputs of a release, the same for all that is made of them.

    Attributes
    ----------
    winner : Winner
        Whose arrays rank; ``model`` and ``popularity`` are loaded from them.
    """

    folder: DataFolder
    bench: Workbench
    active: Active
    winner: Winner
    model: Model
    popularity: PopularityModel
    people: People
    films: Films

    @classmethod
    def read(cls, folder: DataFolder, bench: Workbench, active: Active, winner: Winner) -> Edition:
        """Load the winner's arrays and read what was built.

        Raises
        ------
        EmptyLakeError
            If the warehouse has not been built, or holds no rating.
        DamagedFileError
            If what was built is not what is there.
        """
        model, popularity = winner.load()
        return cls(folder, bench, active, winner, model, popularity, read_people(folder), read_films(folder))

    def without(self, user_ids: Collection[str]) -> Edition:
        """Return the edition without some people."""
        if not user_ids:
            return self
        left = np.delete(np.arange(len(self.people.user_ids)), self.people.places_of(user_ids))
        return replace(self, people=self.people.take(left))

    def rank(self, people: People, *, length: int, explained: int) -> pa.Table:
        """Make the lists of some people, in their order; parameters and columns as of `rank_shard`."""
        if not people.user_ids:
            return tables.nobody()
        with self.bench.scratch("shards") as scratch:
            shards = rank_everybody(
                self.winner.arrays, self.winner.popularity, people, self.films, scratch,
                length=length, explained=explained,
            )  # fmt: skip
            return read_shards(shards)

    def of_everybody(self) -> dict[str, pa.Table]:
        """Return the tables that rest on everybody's ratings at once: ``popular_movies`` and ``score_chances``."""
        genres = self.films.metadata["genres"].tolist() if "genres" in self.films.metadata else []
        histories = self.people.histories_in(self.films)
        return {
            "popular_movies": tables.popular_table(histories, self.films, self.popularity, genres),
            "score_chances": tables.chance_table(self.winner.chances, histories, self.films, self.popularity),
        }
