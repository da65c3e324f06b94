"""Which TMDB film a titled film is: by title and year, the surest reading first, and never by guessing.

MovieLens writes "Postino, Il (a.k.a. The Postman) (1994)" where another set has "Postman, The (Il postino) (1994)".
`title_keys` turns a title into keys of falling certainty; `Matcher` takes the surest level at which exactly one film
answers. Two films at that level make it ambiguous, and an ambiguous film stays unmatched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipelines.films.titles import NUMBERS, TitleKeys, title_keys

NEAR_RATIO = 0.9
NEAR_LENGTH = 8
"""Shorter titles are too easily like another."""

SURE = ("title", "alias")
LEVELS = (*SURE, "loose", "part")
STEPS = (("title", 0), ("alias", 0), ("title", 1), ("alias", 1), ("loose", 0), ("loose", 1), ("part", 0))
"""Levels and years apart, the surest first."""


@dataclass(frozen=True)
class TitledFilm:
    """A film to be matched, with its id in its own numbering."""

    film_id: int
    title: str
    year: int | None


@dataclass(frozen=True)
class Candidate:
    """A film that is known by its TMDB id; titles in any language, the best known first."""

    tmdb_id: int
    titles: tuple[str, ...]
    year: int | None
    imdb_id: str | None = None


@dataclass(frozen=True)
class Match:
    """How a film was matched: the level, and the years between.

    The level is ``title`` (its main name), ``alias`` (another name), ``loose`` (without article, owner or number),
    ``part`` (what stands on one side of a colon) or ``near`` (a slip of the pen). A film may be dated by its first
    showing or by its release, so a year apart is let pass.
    """

    candidate: Candidate
    level: str
    years_apart: int

    @property
    def method(self) -> str:
        """The level, and ``±1`` where the years differ."""
        return self.level + ("±1" if self.years_apart else "")

    @property
    def sure(self) -> bool:
        """Whether a whole title agreed."""
        return self.level in SURE


@dataclass(frozen=True)
class Pairing:
    """What came of matching: film_id to match, film_ids without, and those with several equal candidates."""

    matched: dict[int, Match]
    unmatched: tuple[int, ...]
    ambiguous: dict[int, tuple[int, ...]]


class Matcher:
    """An index of candidates that answers which of them a film is."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._by_key: dict[str, dict[str, dict[int, Candidate]]] = {level: defaultdict(dict) for level in LEVELS}
        self._by_year: dict[int, list[tuple[Candidate, TitleKeys]]] = defaultdict(list)
        for candidate in candidates:
            if candidate.year is None:
                continue
            keys = [title_keys(title) for title in candidate.titles if title]
            for key in keys:
                self._by_year[candidate.year].append((candidate, key))
                for level in LEVELS:
                    for name in getattr(key, level):
                        self._by_key[level][name][candidate.tmdb_id] = candidate

    def match(
        self, film: TitledFilm, taken: frozenset[int] = frozenset(), *, sure_only: bool = False
    ) -> Match | tuple[int, ...]:
        """Return the match of a film, or the TMDB ids among which it cannot be decided (none: no candidate).

        Parameters
        ----------
        taken : frozenset of int
            TMDB ids that another film has for sure; they are not offered where the whole title does not agree.
        sure_only : bool
            Whether only whole titles count, as they should among all films there are.
        """
        if film.year is None:
            return ()
        keys = title_keys(film.title)
        for level, apart in STEPS:
            sure = level in SURE
            if sure_only and not sure:
                return ()
            found = self._at(keys, level, film.year, apart, frozenset() if sure else taken)
            if len(found) == 1:
                return Match(next(iter(found.values())), level, apart)
            if found:
                return tuple(sorted(found))
        near = self._near(keys, film.year, taken)
        if len(near) == 1:
            return Match(next(iter(near.values())), "near", 0)
        return tuple(sorted(near))

    def _at(self, keys: TitleKeys, level: str, year: int, apart: int, taken: frozenset[int]) -> dict[int, Candidate]:
        pairs = [(level, getattr(keys, level))]
        if level == "part":
            pairs = [("loose", keys.part), ("part", keys.loose)]
        return {
            tmdb_id: candidate
            for side, names in pairs
            for name in names
            for tmdb_id, candidate in self._by_key[side].get(name, {}).items()
            if candidate.year is not None and abs(candidate.year - year) == apart and tmdb_id not in taken
        }

    def _near(self, keys: TitleKeys, year: int, taken: frozenset[int]) -> dict[int, Candidate]:
        """Return the films of the year whose title differs by a slip of the pen."""
        return {
            candidate.tmdb_id: candidate
            for candidate, other in self._by_year.get(year, ())
            if candidate.tmdb_id not in taken and any(_alike(a, b) for a in keys.words for b in other.words)
        }


def match_all(films: Sequence[TitledFilm], matcher: Matcher, holders: Mapping[int, str] | None = None) -> Pairing:
    """Match many films: sure ones first, so that a half-fitting title cannot take a film that another one is.

    Parameters
    ----------
    holders : mapping of int to str, optional
        TMDB ids that films outside ``films`` have, and what those are called.
    """
    held_by = dict(holders or {})
    found = {film.film_id: matcher.match(film) for film in films}
    sure = {m.candidate.tmdb_id for m in found.values() if isinstance(m, Match) and m.sure}
    held = frozenset(sure | set(held_by))
    for film in films:
        first = found[film.film_id]
        if isinstance(first, Match) and not first.sure:
            found[film.film_id] = matcher.match(film, held)
    return without_rivals(films, found, held_by)


def without_rivals(
    films: Sequence[TitledFilm], found: Mapping[int, Match | tuple[int, ...]], holders: Mapping[int, str]
) -> Pairing:
    """Let a TMDB film have one title: of films that claim it under different titles only the surest keeps it.

    Films that share a title may share the TMDB film too: sets do hold a film twice. Equally sure claims under
    different titles are all ambiguous.
    """
    titles = {film.film_id: film.title for film in films}
    claims: dict[int, list[int]] = defaultdict(list)
    for film_id, match in found.items():
        if isinstance(match, Match):
            claims[match.candidate.tmdb_id].append(film_id)
    rivals: dict[int, tuple[int, ...]] = {}
    for tmdb_id, owners in claims.items():
        ranks = {film_id: _rank(found[film_id]) for film_id in owners}
        best = min(ranks.values())
        names = [holders[tmdb_id]] if tmdb_id in holders else [titles[f] for f in owners if ranks[f] == best]
        for film_id in owners:
            if not all(_same_title(titles[film_id], name) for name in names):
                rivals[film_id] = (tmdb_id,)
    matched = {i: m for i, m in found.items() if isinstance(m, Match) and i not in rivals}
    ambiguous = {i: m for i, m in found.items() if isinstance(m, tuple) and m} | rivals
    unmatched = tuple(i for i, m in found.items() if m == ())
    return Pairing(matched, unmatched, ambiguous)


def _rank(match: Match | tuple[int, ...]) -> int:
    step = (match.level, match.years_apart) if isinstance(match, Match) else ("", 0)
    return STEPS.index(step) if step in STEPS else len(STEPS)


def _same_title(first: str, second: str) -> bool:
    return not title_keys(first).alias.isdisjoint(title_keys(second).alias)


def _alike(first: str, second: str) -> bool:
    if min(len(first), len(second)) < NEAR_LENGTH or NUMBERS.findall(first) != NUMBERS.findall(second):
        return False
    if first.split(" ", 1)[0][:1] != second.split(" ", 1)[0][:1]:
        return False
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.real_quick_ratio() >= NEAR_RATIO and matcher.ratio() >= NEAR_RATIO
