"""What wishes ask of a release's films, made once when the release is opened."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import rankdata

from pipelines.films.search import FilmSearch
from pipelines.films.titles import plain
from pipelines.people.history import FloatArray
from serving.films import FilmTable
from serving.words.names import People, Titles, bayesian_mean
from serving.words.reader import Reader

Mask = NDArray[np.bool_]
COMMON_KEYWORD = 3
"""Films that a keyword of several words has at least to be read as one thing in a wish."""


class Facts:
    """Films by the things that wishes name; a film's place is that of the release's `FilmTable`.

    Attributes
    ----------
    search : FilmSearch
    people, titles, reader
    minutes : int32 array, shape (n_films,)
        Length; 0 where unknown.
    merit : float32 array, shape (n_films,)
        How good the film is by its votes, 0-1.
    fame : float32 array, shape (n_films,)
        How well known it is, 0-1.
    """

    def __init__(self, table: pa.Table, films: FilmTable, search: FilmSearch) -> None:
        self.films, self.search = films, search
        fame = self.fame = _fame(table)
        directors, cast = (table[name].combine_chunks() for name in ("directors", "cast_names"))
        self.people = People(directors, cast, fame)
        self.titles = Titles([table["title"].to_pylist(), table["original_title"].to_pylist()], fame)
        self.minutes = table["runtime"].fill_null(0).to_numpy().astype(np.int32)
        votes = bayesian_mean(table["vote_average"].to_numpy().astype(np.float64), _whole(table["vote_count"]))
        self.merit = _ranked(votes)
        self._languages = np.array(table["language"].fill_null("").to_pylist())
        self._keywords = _keyword_places(table["keywords"].combine_chunks())
        self._descriptions = (table["keywords"], directors)
        dated = films.years[films.years > 0]
        newest = int(np.percentile(dated, 99)) if len(dated) else 0  # an announced film far ahead makes nothing old
        common = frozenset(word for word, places in self._keywords.items() if len(places) >= COMMON_KEYWORD)
        self.reader = Reader(self.people, self.titles, search, common, newest)

    def of_genre(self, name: str) -> Mask:
        """Return the films of a genre, by any of the names that catalogues give it."""
        mask = self.films.of_genre(name)
        return np.zeros(len(self.films), dtype=bool) if mask is None else mask

    def of_genres(self, names: Iterable[str]) -> Mask:
        """Return the films of any of some genres."""
        mask = np.zeros(len(self.films), dtype=bool)
        for name in names:
            mask |= self.of_genre(name)
        return mask

    def in_languages(self, codes: Iterable[str]) -> Mask:
        """Return the films whose original language is one of some."""
        mask: Mask = np.isin(self._languages, list(codes))
        return mask

    def described_like(self, place: int) -> FloatArray:
        """Return how much each film is described as one film is, by keywords, genres and directors, 0-1."""
        keywords, directors = (column[place].as_py() or [] for column in self._descriptions)
        genres = [name for name in self.films.genre_names if self.films.genres[name.lower()][place]]
        scores = self.search.score([*keywords, *genres], ("keywords", "genres", "tags"))
        scores += self.search.score(directors, ("people",))
        scores[place] = 0
        most = float(scores.max(initial=0))
        return scores / np.float32(most) if most > 0 else scores

    def genres_shared(self, place: int) -> FloatArray:
        """Return the share of a film's genres that each film has too, 0-1; 1 for all where it has none."""
        masks = [mask for mask in self.films.genres.values() if mask[place]]
        if not masks:
            return np.ones(len(self.films), dtype=np.float32)
        shared: FloatArray = np.mean(masks, axis=0, dtype=np.float32)
        return shared

    def with_keywords(self, keywords: Iterable[str]) -> Mask:
        """Return the films that carry one of some whole keywords."""
        mask = np.zeros(len(self.films), dtype=bool)
        for keyword in keywords:
            places = self._keywords.get(plain(keyword))
            if places is not None:
                mask[places] = True
        return mask

    def with_words_in_keywords(self, words: Iterable[str]) -> Mask:
        """Return the films that carry a keyword which has one of some words."""
        wanted = frozenset(words)
        return self.with_keywords(keyword for keyword in self._keywords if not wanted.isdisjoint(keyword.split()))


def _fame(table: pa.Table) -> FloatArray:
    """Return how well known each film is, 0-1: by its ratings here and its votes on TMDB, on a scale of logarithms."""
    fame = np.zeros(len(table), dtype=np.float32)
    for name, weight in (("ratings", 0.7), ("vote_count", 0.3)):
        logs = np.log1p(_whole(table[name]))
        fame += (weight / max(float(logs.max(initial=0)), 1.0) * logs).astype(np.float32)
    return fame


def _whole(column: pa.ChunkedArray) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = column.fill_null(0).to_numpy().astype(np.int64)
    return counts


def _ranked(values: FloatArray) -> FloatArray:
    """Return the share of films that each film is better than, 0-1; equals share theirs."""
    ranked: FloatArray = ((rankdata(values) - 1) / max(1, len(values) - 1)).astype(np.float32)
    return ranked


def _keyword_places(column: pa.ListArray) -> dict[str, NDArray[np.int64]]:
    owner = np.repeat(np.arange(len(column)), np.diff(column.offsets.to_numpy()))
    coded = column.flatten().dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(codes, kind="stable")
    bounds = np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=len(coded.dictionary)))))
    places: dict[str, NDArray[np.int64]] = {}
    for number, name in enumerate(coded.dictionary.to_pylist()):
        key, films = plain(name), owner[order[bounds[number] : bounds[number + 1]]]
        places[key] = np.concatenate((places[key], films)) if key in places else films
    return places
