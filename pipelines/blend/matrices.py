"""A blend's film × film matrices, each with the channels that read it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from pipelines.blend.channels import Channel
from pipelines.models.parts.item_side import BoolArray, Neighbours
from pipelines.people.history import FloatArray, IntArray

GOES_ON = ("likes", "all")
"""Readings of which the second reads what the first reads, weighed alike, and more."""


@dataclass(frozen=True)
class Matrix:
    """A film × film matrix and its readers.

    Attributes
    ----------
    side : Neighbours
    channels : int64 array, shape (n_readers,)
        Places of its readers among the blend's channels.
    goes_on : bool array, shape (n_readers,)
        Whether a reader's scores are those of the reader before it and more: then only the rest is read for it.
    standardised : bool
    """

    side: Neighbours
    channels: IntArray
    goes_on: BoolArray
    standardised: bool

    def added(self, weights: FloatArray) -> FloatArray:
        """Return what each rating weighs for each reader beyond what it weighs for the one that it goes on from.

        Parameters
        ----------
        weights : float32 array, shape (n_channels, n_ratings)
            Of all the blend's channels.

        Returns
        -------
        float32 array, shape (n_readers, n_ratings)
        """
        own = weights[self.channels]
        for reader in np.flatnonzero(self.goes_on):
            own[reader] -= weights[self.channels[reader - 1]]
        return own


def matrices_of(channels: list[Channel]) -> list[Matrix]:
    """Return the matrices that these channels read, in the order of the first reader of each."""
    readers: dict[int, list[int]] = {}
    for number, channel in enumerate(channels):
        if isinstance(channel.model.item_side(), Neighbours):
            readers.setdefault(id(channel.model.item_side()), []).append(number)
    return [_matrix(channels, numbers) for numbers in readers.values()]


def _matrix(channels: list[Channel], numbers: list[int]) -> Matrix:
    last = {reading: place for place, reading in enumerate(GOES_ON, 1)}
    ordered = sorted(numbers, key=lambda number: last.get(channels[number].reading, 0))
    goes_on = [False, *((channels[a].reading, channels[b].reading) == GOES_ON for a, b in pairwise(ordered))]
    first = channels[ordered[0]]
    return Matrix(cast("Neighbours", first.model.item_side()), np.array(ordered), np.array(goes_on), first.standardised)
