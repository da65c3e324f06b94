"""What a blend's weights are learned from: candidates, what every channel says of each, what was taken. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.choice import soft_ndcg
from pipelines.choice.evaluation.metrics import Values
from pipelines.people.history import FloatArray, IntArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Examples:
    """Candidates for some questions, what each channel says of them, and which were taken afterwards.

    A question is one history and what followed it; the same person may have been asked several.

    Attributes
    ----------
    channels : tuple of str
    says : float32 array, shape (n_candidates, n_channels)
        Standardised scores, not weighted.
    indptr : int64 array, shape (n_questions + 1,)
    hits : bool array, shape (n_candidates,)
    n_relevant : int64 array, shape (n_questions,)
        Films that were taken, candidates or not; at least 1.
    people : int64 array, shape (n_questions,)
        Who was asked: numbers that are theirs in every round.
    """

    channels: tuple[str, ...]
    says: FloatArray
    indptr: IntArray
    hits: BoolArray
    n_relevant: IntArray
    people: IntArray

    @classmethod
    def stack(cls, rounds: Sequence[Examples]) -> Examples:
        """Put rounds of questions under one another; all are of the same channels."""
        lengths = np.concatenate([np.diff(each.indptr) for each in rounds])
        return cls(
            rounds[0].channels, np.concatenate([each.says for each in rounds]),
            np.concatenate(([0], np.cumsum(lengths))).astype(np.int64), np.concatenate([each.hits for each in rounds]),
            np.concatenate([each.n_relevant for each in rounds]), np.concatenate([each.people for each in rounds]),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.n_relevant)

    @property
    def asked_again(self) -> bool:
        """Whether anybody was asked more than one question."""
        return len(np.unique(self.people)) < len(self)

    def take(self, questions: IntArray) -> Examples:
        """Return the examples of some questions, in that order."""
        lengths = np.diff(self.indptr)[questions]
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        rows = np.arange(indptr[-1]) + np.repeat(self.indptr[questions] - indptr[:-1], lengths)
        return Examples(
            self.channels, self.says[rows], indptr, self.hits[rows], self.n_relevant[questions], self.people[questions]
        )

    def only(self, columns: IntArray) -> Examples:
        """Return the examples with some of the channels."""
        names = tuple(self.channels[column] for column in columns)
        says = np.ascontiguousarray(self.says[:, columns])
        return Examples(names, says, self.indptr, self.hits, self.n_relevant, self.people)

    def ndcg(self, weights: Values) -> Values:
        """Return each question's nDCG@10 under some weights, shape (n_questions,)."""
        return self.ndcg_of(self.says @ weights.astype(np.float32))

    def without_each(self, weights: Values) -> Values:
        """Return the mean nDCG@10 without one channel after another, shape (n_channels,), in one product."""
        alone = np.where(np.eye(len(weights), dtype=bool), 0, weights).astype(np.float32)
        return np.array([self.ndcg_of(scores).mean() for scores in alone @ self.says.T])

    def ndcg_of(self, scores: FloatArray) -> Values:
        """Return each question's nDCG@10 where candidates have these scores."""
        values = np.empty(len(self))
        soft_ndcg.exact(
            scores, self.indptr, self.hits, self.n_relevant, soft_ndcg.GAINS, soft_ndcg.IDEAL, values
        )  # fmt: skip
        return values

    def by_person(self, values: Values) -> Values:
        """Return each person's mean over their questions, shape (n_people,): what intervals are drawn from."""
        _, owner = np.unique(self.people, return_inverse=True)
        mean: Values = np.bincount(owner, values) / np.bincount(owner)
        return mean
