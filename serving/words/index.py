"""Films by the words they are described with: TF-IDF over genres, keywords, titles, names and overviews."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from pipelines.people.history import FloatArray
from serving.films import FilmTable


class WordIndex:
    """For releases without a content model; built from the release's file at the first free-text wish."""

    def __init__(self, table: pa.Table, films: FilmTable) -> None:
        coded = table["word"].combine_chunks().dictionary_encode()
        words: list[str] = coded.dictionary.to_pylist()
        # rows come sorted by word, so a word's films are one slice
        counts = np.bincount(coded.indices.to_numpy(), minlength=len(words))
        stops = np.cumsum(counts)
        self._slices = {word: slice(stop - n, stop) for word, n, stop in zip(words, counts, stops, strict=True)}
        self._places = films.films.index_of(table["movie_id"].to_numpy())
        n_films = max(1, len(films))
        idf = np.log((1 + n_films) / (1 + counts)) + 1
        self._weights = (table["weight"].to_numpy() * np.repeat(idf, counts)).astype(np.float32)
        self._idf = dict(zip(words, idf.tolist(), strict=True))
        squares = np.bincount(self._places, weights=self._weights.astype(np.float64) ** 2, minlength=len(films))
        self._norms = np.sqrt(np.maximum(squares, 1e-12)).astype(np.float32)

    def score(self, wanted: Mapping[str, float]) -> FloatArray:
        """Return how much each film is described by these words, about -1 to 1, shape (n_films,)."""
        scores = np.zeros(len(self._norms), dtype=np.float32)
        size = 0.0
        for typed, weight in wanted.items():
            word = next((form for form in (typed, f"{typed}s", typed.removesuffix("s")) if form in self._slices), None)
            if word is not None:
                found, says = self._slices[word], weight * self._idf[word]
                scores[self._places[found]] += np.float32(says) * self._weights[found]
                size += says * says
        scores /= self._norms * np.float32(max(size, 1e-12) ** 0.5)
        return scores
