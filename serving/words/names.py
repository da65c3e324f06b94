"""Names in a wish: people and titles of the catalogue, spelled right or nearly so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from pipelines.films.titles import aliases, compact, plain
from pipelines.people.history import FloatArray, IntArray, ItemArray

NEARLY = 86.0
"""Likeness of two spellings (0-100, rapidfuzz's ratio) from which they are taken for one name."""
LIKE = 78.0
"""The same where somebody looks for a title and is shown what there is, not one answer."""
MOST_LIKE = 100
FEWEST_LETTERS = 4
ARTICLES = ("the ", "a ", "an ")
OWNS_A_SURNAME = 2.0
"""How many times the fame of the next one with a surname somebody has who is meant by it alone."""
BILLED_LAST = 0.1


class People:
    """Who directed or plays in which film.

    Parameters
    ----------
    directors, cast : pyarrow list arrays of strings, one row a film
        The cast in the order it is billed.
    fame : float array, shape (n_films,)
        How well known each film is, 0-1: of two people with one surname the better known is meant.
    """

    def __init__(self, directors: pa.ListArray, cast: pa.ListArray, fame: FloatArray) -> None:
        owners, names, parts = [], [], []
        for column, is_director in ((directors, True), (cast, False)):
            lengths = np.diff(column.offsets.to_numpy())
            owner = np.repeat(np.arange(len(column)), lengths)
            place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            owners.append(owner)
            names.append(column.flatten())
            parts.append(np.ones(len(owner)) if is_director else np.maximum(1 - 0.12 * place, BILLED_LAST))
        coded = pa.concat_arrays(names).dictionary_encode()
        self.spelled: list[str] = coded.dictionary.to_pylist()
        person = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        order = np.argsort(person, kind="stable")
        self._films = np.concatenate(owners)[order].astype(np.int32)
        self._parts = np.concatenate(parts)[order].astype(np.float32)
        self._bounds = np.concatenate(([0], np.cumsum(np.bincount(person, minlength=len(self.spelled)))))
        weight = np.bincount(person, weights=0.2 + fame[np.concatenate(owners)], minlength=len(self.spelled))
        self._by_name: dict[str, int] = {}
        self._by_surname: defaultdict[str, list[int]] = defaultdict(list)
        for number in np.argsort(-weight, kind="stable").tolist():
            key = plain(self.spelled[number])
            if key and self._by_name.setdefault(key, number) == number:
                self._by_surname[key.split()[-1]].append(number)
        self._weight = weight
        self._names = [name for name in self._by_name if " " in name]
        self._surnames = [name for name in self._by_surname if len(name) > 4]

    def find(self, words: Sequence[str]) -> str | None:
        """Return the person whose whole name these words are."""
        number = self._by_name.get(" ".join(words))
        return None if number is None else self.spelled[number]

    def by_surname(self, word: str) -> tuple[str, int] | None:
        """Return the person who is meant by a surname alone and how many films they have, or None."""
        numbers = self._by_surname.get(word)
        if not numbers:
            return None
        if len(numbers) > 1 and self._weight[numbers[0]] < OWNS_A_SURNAME * self._weight[numbers[1]]:
            return None
        return self.spelled[numbers[0]], int(self._bounds[numbers[0] + 1] - self._bounds[numbers[0]])

    def nearly(self, words: Sequence[str]) -> str | None:
        """Return the person whose name is spelled nearly like these words: a whole name, or a long surname."""
        typed = " ".join(words)
        best = process.extractOne(
            typed, self._surnames if len(words) == 1 else self._names, scorer=fuzz.ratio, score_cutoff=NEARLY
        )
        if best is None:
            return None
        if len(words) > 1:
            return self.spelled[self._by_name[best[0]]]
        meant = self.by_surname(best[0])
        return meant[0] if meant and meant[1] > 2 else None

    def films_of(self, name: str) -> tuple[ItemArray, FloatArray]:
        """Return the films of a person and the part they have in each: 1 for its director or first-billed actor."""
        number = self._by_name.get(plain(name))
        if number is None:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        part = slice(self._bounds[number], self._bounds[number + 1])
        return self._films[part], self._parts[part]


class Titles:
    """The films by their titles, with and without article, accents and case.

    Parameters
    ----------
    titles : sequences of (str or None), one each a film
        The titles and, beside them, the original titles.
    fame : float array, shape (n_films,)
        Of two films with one title the better known is meant.
    """

    def __init__(self, titles: Sequence[Sequence[str | None]], fame: FloatArray) -> None:
        self._places: dict[str, int] = {}
        self._words: dict[str, int] = {}
        order = np.argsort(-fame, kind="stable").tolist()
        for column in titles:
            for place in order:
                for name in aliases(column[place] or "") if column[place] else ():
                    words = plain(name)
                    self._words.setdefault(words, place)
                    self._words.setdefault(without_article(words), place)
                    for key in {compact(words), compact(without_article(words))} - {""}:
                        self._places.setdefault(key, place)
        self._known = list(self._words)
        self._rank = {place: number for number, place in enumerate(order)}

    def find(self, words: Sequence[str]) -> int | None:
        """Return the place of the film whose title these words are, or None."""
        return self._places.get(compact(without_article(" ".join(words))))

    def nearly(self, words: Sequence[str]) -> int | None:
        """Return the place of the film whose title is spelled nearly like these words, or None."""
        best = process.extractOne(" ".join(words), self._known, scorer=fuzz.ratio, score_cutoff=NEARLY)
        return None if best is None else self._words[best[0]]

    def like(self, typed: str) -> list[tuple[int, float]]:
        """Return (place, likeness 0-1) of films whose title, or a part of a longer one, is nearly spelled so.

        The likest first, of equals the better known. Fewer than four letters are like everything, and so like nothing.
        """
        words = without_article(plain(typed))
        if len(words) < FEWEST_LETTERS:
            return []
        whole = process.extract(words, self._known, scorer=fuzz.ratio, score_cutoff=LIKE, limit=MOST_LIKE)
        longer = [name for name in self._known if len(name) > len(words)]
        part = process.extract(words, longer, scorer=fuzz.partial_ratio, score_cutoff=NEARLY, limit=MOST_LIKE)
        likeness: dict[int, float] = {}
        for matches, weight in ((whole, 0.01), (part, 0.009)):
            for name, score, _ in matches:
                place = self._words[name]
                likeness[place] = max(likeness.get(place, 0.0), score * weight)
        return sorted(likeness.items(), key=lambda found: (-found[1], self._rank[found[0]]))


def without_article(words: str) -> str:
    """Return plain words without an English article in front, unless nothing else is there."""
    article = next((article for article in ARTICLES if words.startswith(article)), "")
    return words[len(article) :] or words


def bayesian_mean(means: NDArray[np.floating], counts: IntArray) -> FloatArray:
    """Return votes drawn towards the mean of all by as many votes as the median film has, 0 where nothing is known."""
    known = np.isfinite(means) & (counts > 0)
    if not known.any():
        return np.zeros(len(means), dtype=np.float32)
    prior, weight = float(np.average(means[known], weights=counts[known])), float(np.median(counts[known]))
    filled = np.where(known, means, prior)
    drawn = (filled * counts + prior * weight) / (counts + weight)
    return np.asarray(drawn, dtype=np.float32)
