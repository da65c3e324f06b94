"""A/B: two releases' stored lists against what people went on to like, after both were made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.choice.evaluation import metrics
from pipelines.choice.evaluation.significance import Interval, bootstrap, paired_bootstrap
from pipelines.choice.evaluation.split import LIKE_FROM
from pipelines.people.reader import read_people
from pipelines.settings import Settings
from warehouse.errors import ConfigError, NotEnoughDataError
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

K = 10


@dataclass(frozen=True)
class Compared:
    """Two releases on the same people.

    Attributes
    ----------
    ndcg : tuple of two Intervals
        Mean nDCG@10 of each release's lists.
    difference : Interval
        Of the first less the second, person by person.
    since : str
        Ratings after this moment were counted.
    """

    releases: tuple[str, str]
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
    folder, store = settings.folder, ReleaseStore(settings.folder)
    if first == second:
        raise ConfigError(f"{first} is compared with itself; name two releases")
    made = max(store.get(each).created_at for each in (first, second))
    people = read_people(folder)
    liked = (people.histories.ratings >= LIKE_FROM) & (people.histories.rated_at > made.timestamp())
    later = people.histories.keep(liked)
    wanted = {
        user_id: set(people.movie_ids[later.item_idx[later.indptr[row] : later.indptr[row + 1]]].tolist())
        for row, user_id in enumerate(people.user_ids)
        if later.indptr[row + 1] > later.indptr[row]
    }
    lists = []
    for release_id in (first, second):
        with open_releases(folder, release_id) as con:
            rows = ask(con, f"SELECT user_id, movie_ids[:{K}] FROM recommendation_lists ORDER BY user_id").rows
        lists.append({user_id: films for user_id, films in rows if user_id in wanted})
    both = sorted(lists[0].keys() & lists[1].keys())
    if len(both) < settings.gate.min_people:
        raise NotEnoughDataError(
            f"{len(both)} people with a list in both releases have liked a film since {made:%Y-%m-%d %H:%M} UTC, "
            f"{settings.gate.min_people} are needed; ingest what they rated, or wait"
        )
    films = np.unique(
        np.concatenate([list(wanted[user]) for user in both] + [each[user] for each in lists for user in both])
    )
    relevant = [np.searchsorted(films, sorted(wanted[user])) for user in both]
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in relevant]))).astype(np.int64)
    flat = np.concatenate(relevant).astype(np.int32)
    values = []
    for each in lists:
        top = np.full((len(both), K), -1, dtype=np.int64)
        for row, user in enumerate(both):
            top[row, : len(each[user])] = np.searchsorted(films, each[user])
        values.append(metrics.ndcg(metrics.find_hits(top, indptr, flat, len(films))))
    seed = settings.random_state
    ndcg = [bootstrap(value[None, :, None], seed)[0] for value in values]
    return Compared(
        (first, second), (ndcg[0], ndcg[1]), paired_bootstrap(values[0], values[1], seed), f"{made:%Y-%m-%d %H:%M} UTC"
    )
