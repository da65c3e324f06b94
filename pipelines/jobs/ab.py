"""A/B: two releases' stored lists against what people went on to like, after both were made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from pipelines.choice.evaluation import metrics
from pipelines.choice.evaluation.metrics import Values
from pipelines.choice.evaluation.significance import Interval, bootstrap, paired_bootstrap
from pipelines.choice.evaluation.split import LIKE_FROM
from pipelines.people.reader import People, read_people
from pipelines.settings import Settings
from warehouse.errors import ConfigError, NotEnoughDataError
from warehouse.folder import DataFolder
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

K = 10


@dataclass(frozen=True)
class Compared:
    """Two releases on the same people.

    Attributes
    ----------
    models : tuple of two str
        What ranked each.
    ndcg : tuple of two Intervals
        Mean nDCG@10 of each release's lists.
    difference : Interval
        Of the first less the second, person by person.
    since : str
        Ratings after this moment were counted.
    """

    releases: tuple[str, str]
    models: tuple[str, str]
    ndcg: tuple[Interval, Interval]
    difference: Interval
    since: str

    @property
    def verdict(self) -> str:
        """The result in words."""
        low, high = self.difference.low, self.difference.high
        if low > 0 or high < 0:
            better = self.releases[0] if low > 0 else self.releases[1]
            return f"{better} is better, for certain"
        return "they cannot be told apart yet"


def compare_releases(settings: Settings, first: str, second: str) -> Compared:
    """Compare two releases' first ten films with what their people liked (4 stars or more) after both were made.

    Raises
    ------
    UnknownReleaseError
        If there is none of that id.
    NotEnoughDataError
        If too few people have rated since.
    """
    if first == second:
        raise ConfigError(f"{first} is compared with itself; name two releases")
    store = ReleaseStore(settings.folder)
    one, other = store.get(first), store.get(second)
    made = max(one.created_at, other.created_at)
    wanted = _liked_since(read_people(settings.folder), made)
    lists = [_lists_of(settings.folder, release_id, wanted) for release_id in (first, second)]
    both = sorted(lists[0].keys() & lists[1].keys())
    if len(both) < settings.gate.min_people:
        raise NotEnoughDataError(
            f"{len(both)} people with a list in both releases have liked a film since {made:%Y-%m-%d %H:%M} UTC, "
            f"{settings.gate.min_people} are needed; ingest what they rated, or wait"
        )
    values = [_ndcg([listed[user] for user in both], [wanted[user] for user in both]) for listed in lists]
    seed = settings.random_state
    mean, other_mean = (bootstrap(value[None, :, None], seed)[0] for value in values)
    return Compared(
        (first, second), (one.manifest["model"], other.manifest["model"]), (mean, other_mean),
        paired_bootstrap(values[0], values[1], seed), f"{made:%Y-%m-%d %H:%M} UTC",
    )  # fmt: skip


def _liked_since(people: People, made: datetime) -> dict[str, list[int]]:
    """Return the films that each person has rated with four stars or more since; nobody who liked none."""
    histories = people.histories
    later = histories.keep((histories.ratings >= LIKE_FROM) & (histories.rated_at > made.timestamp()))
    return {
        user_id: np.unique(people.movie_ids[later.item_idx[start:stop]]).tolist()
        for user_id, (start, stop) in zip(people.user_ids, pairwise(later.indptr.tolist()), strict=True)
        if stop > start
    }


def _lists_of(folder: DataFolder, release_id: str, wanted: Collection[str]) -> dict[str, list[int]]:
    """Return the first films of these people's lists, of those who have one."""
    with open_releases(folder, release_id) as con:
        rows = ask(con, f"SELECT user_id, movie_ids[:{K}] FROM recommendation_lists ORDER BY user_id").rows
    return {user_id: films for user_id, films in rows if user_id in wanted}


def _ndcg(lists: list[list[int]], liked: list[list[int]]) -> Values:
    """Return each person's nDCG@10, by the code that evaluations measure with."""
    films = np.unique(np.concatenate([*map(np.array, lists), *map(np.array, liked)]).astype(np.int64))
    top = np.full((len(lists), K), -1, dtype=np.int64)
    for row, listed in enumerate(lists):
        top[row, : len(listed)] = np.searchsorted(films, listed)
    indptr = np.concatenate(([0], np.cumsum([len(each) for each in liked]))).astype(np.int64)
    relevant = np.searchsorted(films, np.concatenate(liked)).astype(np.int32)
    return metrics.ndcg(metrics.find_hits(top, indptr, relevant, len(films)))
