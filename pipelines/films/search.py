"""Text search over films, field by field: what a title says counts more than what a plot summary does.

One BM25 index a field (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, with
Lucene's variant), by the library bm25s; a film's score is the weighted sum over its fields. The indexes are arrays
and are part of a release, so that serving reads what publish built.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.films.films import Films
from pipelines.films.titles import plain
from pipelines.people.history import FloatArray
from warehouse.errors import ModelFormatError

FORMAT = 1
FIELD_WEIGHTS: Mapping[str, float] = {
    "title": 2.0,
    "people": 2.0,
    "keywords": 3.0,
    "genres": 1.5,
    "tags": 1.5,
    "overview": 1.0,
}
"""What each field says beside the others. Keywords and tags are people's own words for what a film is about."""
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "original_title"),
    "people": ("directors", "cast_names"),
    "keywords": ("keywords",),
    "genres": ("genres",),
    "tags": ("tags",),
    "overview": ("overview", "tagline"),
}
"""The columns of film metadata that make up a field; those that are missing are passed over."""


class FilmSearch:
    """The text index of a catalogue; `build` makes one, `score` asks it.

    Parameters
    ----------
    indexes : dict of str to bm25s.BM25
        One a field that has any text.
    n_films : int
    """

    def __init__(self, indexes: Mapping[str, Any], n_films: int) -> None:
        self._indexes, self._n_films = dict(indexes), n_films

    @classmethod
    def build(cls, films: Films) -> FilmSearch:
        """Index the metadata of films; the same films give the same bytes."""
        indexes = {}
        for field, columns in COLUMNS.items():
            tokens = _tokens_of(films.metadata, columns, len(films))
            if any(tokens):
                indexes[field] = _index(tokens)
        return cls(indexes, len(films))

    def score(self, words: Sequence[str], fields: Iterable[str] = tuple(FIELD_WEIGHTS)) -> FloatArray:
        """Score every film for some words, float32, shape (n_films,), at least 0; 0 where no word is found."""
        scores = np.zeros(self._n_films, dtype=np.float32)
        tokens = list(dict.fromkeys(tokenise(words)))
        for field in fields:
            index = self._indexes.get(field)
            if index is None:
                continue
            known = [token for token in tokens if token in index.vocab_dict]
            if known:
                scores += np.float32(FIELD_WEIGHTS[field]) * index.get_scores(known)
        return scores

    def frequency(self, word: str, fields: Iterable[str]) -> int:
        """Return in how many films a word stands, in the field where it stands most often."""
        token = next(iter(tokenise([word])), "")
        counts = [0]
        for field in fields:
            index = self._indexes.get(field)
            # bm25s keeps an empty word of its own, which stands nowhere
            if index is not None and token and token in index.vocab_dict:
                column = index.vocab_dict[token]
                bounds = index.scores["indptr"]
                counts.append(int(bounds[column + 1] - bounds[column]))
        return max(counts)

    def save(self, folder: Path) -> None:
        """Write the index into ``folder``, a sub-folder a field, arrays as .npy."""
        folder.mkdir(parents=True, exist_ok=True)
        for field, index in self._indexes.items():
            index.save(folder / field, show_progress=False)
        header = {"format_version": FORMAT, "n_films": self._n_films, "fields": list(self._indexes)}
        (folder / "search.json").write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, mmap: bool = True) -> FilmSearch:
        """Read what `save` wrote.

        Raises
        ------
        ModelFormatError
            If the files are missing or of another format.
        """
        import bm25s

        try:
            header = json.loads((folder / "search.json").read_text(encoding="utf-8"))
            version = header["format_version"]
            indexes = {
                field: bm25s.BM25.load(folder / field, mmap=mmap, show_progress=False) for field in header["fields"]
            }
            n_films = int(header["n_films"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFormatError(f"{folder} holds no text index ({error}); publish again") from error
        if version != FORMAT:
            raise ModelFormatError(f"{folder} is of format {version}, this version reads {FORMAT}; publish again")
        return cls(indexes, n_films)


def tokenise(texts: Iterable[str]) -> list[str]:
    """Return the stems of the words of some texts, in order: "Space robots" is ``space robot``."""
    words = [word for text in texts for word in plain(text).split() if len(word) > 1 or word.isdigit()]
    return [_stem(word) for word in words]


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer  # Snowball's English stemmer (Porter, "Snowball: a language for stemming algorithms", 2001)

    return Stemmer.Stemmer("english")


def _tokens_of(metadata: pd.DataFrame, columns: Iterable[str], n_films: int) -> list[list[str]]:
    """Return each film's tokens in some columns, which hold texts or lists of texts."""
    tokens: list[list[str]] = [[] for _ in range(n_films)]
    tokens_of = cache(lambda text: tokenise([text]))  # a tag, a genre or a name stands at many films
    for column in columns:
        if column not in metadata:
            continue
        for row, value in zip(tokens, metadata[column].tolist(), strict=True):
            if isinstance(value, str):
                row.extend(tokens_of(value))
            elif isinstance(value, (list, tuple, np.ndarray)):
                for text in value:
                    row.extend(tokens_of(str(text)) if text else ())
    return tokens


def _index(tokens: list[list[str]]) -> Any:
    import bm25s
    from bm25s.tokenization import Tokenized

    # ids by the alphabet: bm25s numbers words by a set's order, which differs from run to run
    vocabulary = {token: number for number, token in enumerate(sorted({token for row in tokens for token in row}))}
    coded = Tokenized([[vocabulary[token] for token in row] for row in tokens], vocabulary)
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.6)
    index.index(coded, show_progress=False)
    return index
