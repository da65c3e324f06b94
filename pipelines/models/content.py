"""Content: TF-IDF over what is known of a film; answers for films nobody rated, and for free text.

Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988; the profile is Rocchio's, a weighted
mean of the liked films. The vectoriser is scikit-learn's; what it learned is kept as words and numbers.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.documents import documents, joined
from pipelines.models.parts.item_side import Neighbours
from pipelines.models.parts.nearest import nearest
from pipelines.people.history import FloatArray, Histories, HistoryRule, ItemArray, weigh

MIN_TERMS = 100
"""A vocabulary smaller than this is learned again with films' unique terms."""


class ContentConfig(ModelConfig):
    """The vectoriser's settings and what counts as liked."""

    max_features: int = Field(5_000, ge=1)
    ngrams: int = Field(2, ge=1, le=3, description="Longest run of words that is a term.")
    min_df: int = Field(2, ge=1, description="Films a term must be in; 1 when fewer than 100 terms remain.")
    max_df: float = Field(0.8, gt=0, le=1, description="Share of the films a term may be in at most.")
    sublinear: bool = Field(True, description="Count 1 + log(occurrences) instead of occurrences.")
    neighbours: int = Field(300, ge=1, description="Films nearest to a film through which it speaks.")
    history: HistoryRule = Field(HistoryRule(like_from=4.0), description="Weights of the liked films.")


class ContentModel(Model):
    """The weighted sum of the liked films' cosines with the films nearest to each."""

    name = "content"
    source = "content_based"
    config_class = ContentConfig
    format_version = 2
    of_films_alone = True
    learned = ("terms_", "vocabulary_", "idf_", "nearest_", "catalogue_")
    terms_: sp.csr_matrix
    """float32, shape (n_items, n_terms), rows of length 1 or empty."""
    vocabulary_: list[str]
    idf_: FloatArray
    """float32, shape (n_terms,)."""
    nearest_: sp.csr_matrix
    """float32, shape (n_items, n_items): the cosine of each film (row) with the films nearest to it."""
    catalogue_: str = ""
    """SHA-256 of the films' ids and documents; empty before the fit."""

    def _fit(self, histories: Histories, films: Films) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        config: ContentConfig = self.config
        texts = documents(films)
        settings = {
            "max_features": config.max_features,
            "ngram_range": (1, config.ngrams),
            "stop_words": "english",
            "sublinear_tf": config.sublinear,
            "dtype": np.float32,
        }
        self.vocabulary_, self.idf_ = [], np.zeros(0, np.float32)
        self.terms_ = sp.csr_matrix((len(films), 0), dtype=np.float32)
        for min_df, max_df in ((config.min_df, config.max_df), (1, config.max_df), (1, 1.0)):
            vectoriser = TfidfVectorizer(min_df=min_df, max_df=max_df, **settings)
            try:
                self.terms_ = vectoriser.fit_transform(texts).tocsr()
            except ValueError:  # not one term is left under these limits
                continue
            self.vocabulary_ = [str(term) for term in vectoriser.get_feature_names_out()]
            self.idf_ = vectoriser.idf_.astype(np.float32)
            if len(self.vocabulary_) >= MIN_TERMS:
                break
        self.nearest_ = nearest(self.terms_, config.neighbours)
        self.catalogue_ = _digest(films, texts)

    def is_fitted_on(self, films: Films) -> bool:
        """Tell whether the films are those of the fit, with the same said of each."""
        return self.catalogue_ != "" and self.catalogue_ == _digest(films, documents(films))

    def _item_side(self) -> Neighbours:
        return Neighbours.of(self.nearest_)

    def score_text(self, text: str) -> FloatArray:
        """Score every film for words somebody typed ("slow space drama"), float32, shape (n_items,).

        Neighbouring words are also tried as one joined name; without a known word every film is -inf.
        """
        from sklearn.feature_extraction.text import CountVectorizer

        analyse = CountVectorizer(stop_words="english", ngram_range=(1, self.config.ngrams)).build_analyzer()
        words = text.split()
        names = [joined(" ".join(words[at : at + size])) for size in (2, 3) for at in range(len(words) - size + 1)]
        counts = Counter([*analyse(text), *names])
        columns = {term: column for column, term in enumerate(self.vocabulary_)}
        found = {columns[term]: count for term, count in counts.items() if term in columns}
        query = np.zeros(len(columns), dtype=np.float32)
        for column, count in found.items():
            query[column] = (1 + np.log(count) if self.config.sublinear else count) * self.idf_[column]
        return np.asarray(self._cosine(sp.csr_matrix(query[None, :]))[0], dtype=np.float32)

    def shared_terms(self, history: Histories, item_idx: ItemArray, count: int = 3) -> list[list[str]]:
        """Name the terms that each film shares most with one history, strongest first, at most ``count``."""
        weights = weigh(history, self.config.history)
        profile = np.asarray(weights @ self.terms_[history.item_idx]).ravel()
        shared = self.terms_[item_idx].multiply(profile[None, :]).tocsr()
        names = []
        for row in range(shared.shape[0]):
            part = shared[row]
            best = np.lexsort((part.indices, -part.data))[:count]
            names.append([self.vocabulary_[part.indices[at]] for at in best if part.data[at] > 0])
        return names

    def _cosine(self, profiles: sp.csr_matrix) -> FloatArray:
        """Return cosines; -inf for an empty profile and for films without a term."""
        norms = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1), dtype=np.float64).ravel())
        unit = sp.diags(1 / np.maximum(norms, 1e-12)) @ profiles
        # a dense profile against the rows of films: the other way round turns the whole matrix about at every call
        found = self.terms_ @ unit.T.toarray().astype(self.terms_.dtype)
        scores: FloatArray = np.ascontiguousarray(found.T, dtype=np.float32)
        scores[norms == 0] = -np.inf
        scores[:, self._undescribed()] = -np.inf
        return scores

    def _undescribed(self) -> NDArray[np.bool_]:
        flags: NDArray[np.bool_] = np.diff(self.terms_.indptr) == 0
        return flags

    def likeness(self) -> Neighbours:
        """Take a cosine from either film's nearest ones."""
        return Neighbours.of(self.nearest_.maximum(self.nearest_.T.tocsr()))


def _digest(films: Films, texts: Sequence[str]) -> str:
    digest = hashlib.sha256(np.asarray(films.movie_ids, dtype=np.int64).tobytes())
    for text in texts:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()
