"""Content: how alike films are by what is known of them; answers for films nobody rated.

TF-IDF by field (Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988), each field a vector
of length 1 with a weight of its own, as in BM25F (Robertson, Zaragoza and Taylor, CIKM 2004): a director's name in
hundreds of words of plots would say nothing. The vectoriser is scikit-learn's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import numpy as np
import scipy.sparse as sp
from pydantic import Field, field_validator

from pipelines.films.films import Films
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.documents import FIELDS, PROSE, Words, documents
from pipelines.models.parts.item_side import Neighbours
from pipelines.models.parts.nearest import nearest
from pipelines.people.history import Histories, HistoryRule


class ContentConfig(ModelConfig):
    """What each field says, the vectoriser's settings and what counts as liked."""

    fields: dict[str, float] = Field(
        {"genres": 1.0, "keywords": 2.0, "cast": 1.0, "directors": 1.0, "language": 1.0}
        | {"title": 0.3, "overview": 0.3, "era": 0.3},
        description="What a field's cosine counts; a field that is not named counts nothing.",
    )
    normalise: Literal["field", "film"] = Field(
        "field", description="Whether each field is a vector of length 1, or only all of them together: then a field "
        "says more of a film the more words it has there.",
    )  # fmt: skip
    max_features: int = Field(20_000, ge=1, description="Words kept of a field, the most frequent.")
    min_df: int = Field(2, ge=1, description="Films a word must be in.")
    max_df: float = Field(0.8, gt=0, le=1, description="Share of the films a word may be in at most.")
    neighbours: int = Field(300, ge=1, description="Films nearest to a film through which it speaks.")
    history: HistoryRule = Field(HistoryRule(like_from=4.0), description="Weights of the liked films.")

    @field_validator("fields")
    @classmethod
    def _are_known(cls, fields: dict[str, float]) -> dict[str, float]:
        wrong = sorted(name for name, weight in fields.items() if name not in FIELDS or weight < 0)
        if wrong or not any(fields.values()):
            raise ValueError(f"weights of {', '.join(FIELDS)} at least 0 and one above{': ' * bool(wrong)}"
                             f"{', '.join(wrong)}")  # fmt: skip
        return fields


class ContentModel(Model):
    """The weighted sum of the liked films' cosines with the films nearest to each."""

    name = "content"
    source = "content_based"
    config_class = ContentConfig
    format_version = 3
    of_films_alone = True
    learned = ("nearest_", "catalogue_")
    nearest_: sp.csr_matrix
    """float32, shape (n_items, n_items): the cosine of each film (row) with the films nearest to it."""
    catalogue_: str = ""
    """SHA-256 of the films' ids and words; empty before the fit."""

    def _fit(self, histories: Histories, films: Films) -> None:
        words = self._words(films)
        self.nearest_ = nearest(film_vectors(words, self.config), self.config.neighbours)
        self.catalogue_ = _digest(films, words)

    def is_fitted_on(self, films: Films) -> bool:
        """Tell whether the films are those of the fit, with the same said of each."""
        return self.catalogue_ != "" and self.catalogue_ == _digest(films, self._words(films))

    def _words(self, films: Films) -> dict[str, Words]:
        """Read the fields that count: others may differ without another fit."""
        return documents(films, sorted(field for field, weight in self.config.fields.items() if weight > 0))

    def _item_side(self) -> Neighbours:
        return Neighbours.of(self.nearest_)

    def likeness(self) -> Neighbours:
        """Take a cosine from either film's nearest ones."""
        return Neighbours.of(self.nearest_.maximum(self.nearest_.T.tocsr()))


def film_vectors(words: Mapping[str, Words], config: ContentConfig) -> sp.csr_matrix:
    """Return films as vectors of length 1, or 0 where nothing is known, float32, shape (n_items, n_words).

    Their products are the fields' cosines, weighed by ``config.fields`` and divided by what both films could reach.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    n_films = len(next(iter(words.values())))
    blocks = [sp.csr_matrix((n_films, 0), dtype=np.float32)]
    for field, weight in sorted(config.fields.items()):
        if weight == 0:
            continue
        stop_words = ENGLISH_STOP_WORDS if field in PROSE else frozenset()
        vectoriser = TfidfVectorizer(
            analyzer=lambda entry, stop=stop_words: [word for word in entry if word not in stop],
            max_features=config.max_features,
            # a word of one film makes no two alike; a share of few films would leave none
            min_df=min(config.min_df, n_films),
            max_df=min(1.0, max(config.max_df, config.min_df / n_films)),
            sublinear_tf=True,
            norm="l2" if config.normalise == "field" else None,
            dtype=np.float32,
        )
        try:
            block = vectoriser.fit_transform(words[field])
        except ValueError:  # not one word of the field is left
            continue
        blocks.append(np.float32(np.sqrt(weight)) * block)
    whole = sp.hstack(blocks).tocsr()
    lengths = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=1), dtype=np.float64).ravel())
    return (sp.diags((1 / np.maximum(lengths, 1e-12)).astype(np.float32)) @ whole).tocsr()


def _digest(films: Films, words: Mapping[str, Words]) -> str:
    digest = hashlib.sha256(np.asarray(films.movie_ids, dtype=np.int64).tobytes())
    for field in words.values():
        for entry in field:
            digest.update(b"\0" + " ".join(entry).encode())
    return digest.hexdigest()
