"""The rules of enrichment: when a film is due, when it is tried again, which days of changes to read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from warehouse.enrichment import KnownFilm

KEEP_DAYS = 180
"""TMDB's terms allow no older copy (https://www.themoviedb.org/api-terms-of-use: six months)."""
CHANGES_DAYS = 14
"""The longest span that ``/movie/changes`` answers."""
LAST_RETRY = timedelta(days=30)


@dataclass(frozen=True)
class Ages:
    """How long what is known of a film stays good.

    Attributes
    ----------
    found_days : int
        For facts, 1 to 180.
    missing_days : int
        For the word that TMDB knows no such film.
    """

    found_days: int
    missing_days: int

    def next_try(self, status: str, now: datetime, attempts: int = 0) -> datetime:
        """Return when a film is asked again: a failed one after 1 hour, then 4, 16 and so on, at most 30 days.

        Parameters
        ----------
        attempts : int
            Runs in a row that failed, this one included.
        """
        if status == "failed":
            return now + min(timedelta(hours=4 ** (min(max(attempts, 1), 10) - 1)), LAST_RETRY)
        days = self.missing_days if status == "missing" else self.found_days
        return now + timedelta(days=days)

    def is_due(self, film: KnownFilm | None, now: datetime) -> bool:
        """Tell whether a film is to be asked; the ages of today's settings hold for older rows too."""
        if film is None:
            return True
        aged = film.fetched_at is not None and film.fetched_at + timedelta(days=self.found_days) <= now
        return film.next_try <= now or (aged and film.status != "failed")


@dataclass(frozen=True)
class Plan:
    """What a run asks.

    Attributes
    ----------
    due : list of int
        TMDB ids in the order they are asked: films of which nothing is known first.
    kept : int
        Films that need not be asked.
    """

    due: list[int]
    kept: int


def plan(movie_ids: Iterable[int], known: Mapping[int, KnownFilm], ages: Ages, now: datetime) -> Plan:
    """Choose the films that are due; one that has another id now brings that one along."""
    films = dict.fromkeys(movie_ids)
    moved = [known[i].movie_id for i in films if i in known]
    everything = list(films | dict.fromkeys(i for i in moved if i is not None))
    due = [i for i in everything if ages.is_due(known.get(i), now)]
    due.sort(key=lambda i: i in known)
    return Plan(due, len(films) - len(films.keys() & set(due)))


def oldest_kept(now: datetime) -> datetime:
    """Return the moment whose records are just too old to be kept."""
    return now - timedelta(days=KEEP_DAYS)


def change_spans(since: date, until: date) -> list[tuple[date, date]]:
    """Cut the days from ``since`` to ``until``, both included, into spans of at most 14 days between their ends.

    Neighbours share a day, as TMDB does not say whether the last day of a span counts.
    """
    spans = []
    while True:
        end = min(since + timedelta(days=CHANGES_DAYS), until)
        spans.append((since, max(since, end)))
        if end >= until:
            return spans
        since = end


def changes_since(
    known: Iterable[KnownFilm], ages: Ages, now: datetime, *, read_until: datetime | None, last_ended: bool
) -> datetime | None:
    """Return since when the list of changes is to be read, or None when it need not be.

    Parameters
    ----------
    known : iterable of KnownFilm
        The ledger.
    read_until : datetime or None
        Until when earlier runs have read it; None when none has.
    last_ended : bool
        False when the last run was cut: its films are fresh and what it read of the list is in the ledger, so
        the run that goes on where it stopped does not read the list again on the same day.
    """
    fresh = [film.fetched_at for film in known if film.fetched_at is not None and not ages.is_due(film, now)]
    if not fresh:
        return None
    since = max(read_until, min(fresh)) if read_until else min(fresh)
    if not last_ended and now - since < timedelta(days=1):
        return None
    return since


@dataclass(frozen=True)
class FieldCoverage:
    """How far one field is known.

    Attributes
    ----------
    field : str
    films, known : int
    share : float
        Known over films, 0-1.
    weighted_share : float
        The same, each film counted by its ratings.
    """

    field: str
    films: int
    known: int
    share: float
    weighted_share: float


def coverage(
    ratings: Mapping[int, int], facts: Mapping[int, Mapping[str, bool]], fields: Iterable[str]
) -> list[FieldCoverage]:
    """Return how many films have each field, plain and weighted by ratings; no film is no coverage.

    Parameters
    ----------
    ratings : mapping of movie_id to int
        The films of the data set and their ratings.
    facts : mapping of movie_id to (mapping of field to bool)
        Which fields of a film are known.
    """
    films, weight = len(ratings), sum(ratings.values())
    found = []
    for field in fields:
        having = [movie_id for movie_id in ratings if facts.get(movie_id, {}).get(field, False)]
        weighted = sum(ratings[movie_id] for movie_id in having)
        found.append(FieldCoverage(field, films, len(having), len(having) / max(films, 1), weighted / max(weight, 1)))
    return found
