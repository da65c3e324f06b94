"""Everybody's stored list: in arrays read once a release, or, past a memory limit, looked up one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from serving.films import FilmTable
from warehouse.errors import BrokenReleaseError
from warehouse.release_reader import ReleaseReader

BYTES_A_FILM = 9
"""One film of one list in memory: its place, its score, its source."""
BYTES_AN_EXPLAINED_FILM = 28
"""Its bounds and three reasons, a place and a share each."""
BYTES_A_PERSON = 150
"""The name, its place in a dictionary, the bounds, the time and the count."""


@dataclass(slots=True)
class Picks:
    """A list on its way out: what to say of each film, best first.

    Attributes
    ----------
    places : list of int
        item_idx in the release's `FilmTable`.
    because : list of (list of (place, share)) or None
        None for a film without reasons; may be shorter than ``places``.
    generated_us : int
        When it was computed, microseconds since 1970-01-01 UTC.
    ranked_by : str
        The model whose raw scores these are, as ``recommendation_lists`` has them; empty where no model ranked them.
    """

    places: list[int]
    scores: list[float]
    sources: list[str]
    because: list[list[tuple[int, float]] | None] = field(default_factory=list)
    ratings: int = 0
    generated_us: int = 0
    ranked_by: str = ""

    def at(self, kept: list[int]) -> Picks:
        """Return the films at these ranks (from 0), in that order."""
        because = [self.because[n] if n < len(self.because) else None for n in kept]
        return Picks(
            [self.places[n] for n in kept],
            [self.scores[n] for n in kept],
            [self.sources[n] for n in kept],
            because,
            self.ratings,
            self.generated_us,
            self.ranked_by,
        )


class StoredLists:
    """Look up a person's list; from memory in microseconds, else from the release's file."""

    def __init__(self, reader: ReleaseReader, films: FilmTable, *, memory_mb: float) -> None:
        people, listed, explained = reader.size_of_lists()
        size = people * BYTES_A_PERSON + listed * BYTES_A_FILM + explained * BYTES_AN_EXPLAINED_FILM
        self.people = people
        self.in_memory = size <= memory_mb * 1e6
        self._reader, self._films = reader, films
        self._block = _Block(reader.lists() if self.in_memory else (), films, (people, listed, explained))

    def find(self, user_id: str, limit: int | None = None) -> Picks | None:
        """Return a person's list, cut to ``limit``, or None; it reads the file unless ``in_memory``."""
        if self.in_memory:
            return self._block.find(user_id, limit)
        table = self._reader.list_of(user_id)
        if len(table) == 0:
            return None
        films = len(table["movie_ids"].combine_chunks().flatten())
        return _Block([table], self._films, (1, films, films)).find(user_id, limit)


class _Block:
    """Lists in flat arrays: the films of row ``u`` are ``bounds[u]:bounds[u + 1]`` of places, scores and sources."""

    def __init__(self, tables: Iterable[pa.Table], films: FilmTable, sizes: tuple[int, int, int]) -> None:
        people, listed, explained = sizes
        self._names: list[str] = []
        self._rows: dict[str, int] = {}
        self._bounds = np.zeros(people + 1, dtype=np.int64)
        self._places = np.zeros(listed, dtype=np.int32)
        self._scores = np.zeros(listed, dtype=np.float32)
        self._sources = np.zeros(listed, dtype=np.uint8)
        self._explained = np.zeros(people + 1, dtype=np.int64)
        self._reasons = np.zeros(explained + 1, dtype=np.int64)
        self._ratings = np.zeros(people, dtype=np.int32)
        self._generated = np.zeros(people, dtype=np.int64)
        reasons: list[tuple[NDArray[np.int32], NDArray[np.float32]]] = []
        for table in tables:
            reasons.append(self._add(table, films))
        self._reason_places = np.concatenate([part[0] for part in reasons] or [np.zeros(0, np.int32)])
        self._shares = np.concatenate([part[1] for part in reasons] or [np.zeros(0, np.float32)])

    def _add(self, table: pa.Table, films: FilmTable) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        first = len(self._rows)
        rows = slice(first, first + len(table))
        ids = table["user_id"].to_pylist()
        self._rows.update(zip(ids, range(rows.start, rows.stop), strict=True))
        self._ratings[rows] = table["ratings"].to_numpy()
        self._generated[rows] = table["generated_us"].to_numpy()

        lists = table["movie_ids"].combine_chunks()
        listed = _extend(self._bounds, rows, lists)
        places = films.films.index_of(lists.flatten().to_numpy())
        if len(places) and places.min() < 0:
            raise BrokenReleaseError("a list of the release names a film without a title; publish again")
        self._places[listed] = places
        scores = table["scores"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        self._scores[listed] = scores
        coded = table["sources"].combine_chunks().flatten().dictionary_encode()
        self._sources[listed] = self._codes(coded.dictionary.to_pylist())[coded.indices.to_numpy()]

        because = table["because"].combine_chunks()
        explained = _extend(self._explained, rows, because)
        per_film = because.flatten()
        counts = np.diff(per_film.offsets.to_numpy())
        self._reasons[explained.start + 1 : explained.stop + 1] = self._reasons[explained.start] + np.cumsum(counts)
        entries = per_film.flatten()
        reason_places = films.films.index_of(entries.field("movie_id").to_numpy())
        return reason_places, entries.field("share").to_numpy(zero_copy_only=False).astype(np.float32)

    def _codes(self, names: list[str]) -> NDArray[np.uint8]:
        self._names += [name for name in names if name not in self._names]
        return np.array([self._names.index(name) for name in names], dtype=np.uint8)

    def find(self, user_id: str, limit: int | None) -> Picks | None:
        row = self._rows.get(user_id)
        if row is None:
            return None
        start, stop = self._bounds[row], self._bounds[row + 1]
        if limit is not None:
            stop = min(stop, start + limit)
        names = self._names
        return Picks(
            self._places[start:stop].tolist(),
            self._scores[start:stop].tolist(),
            [names[code] for code in self._sources[start:stop].tolist()],
            self._because(row, int(stop - start)),
            int(self._ratings[row]),
            int(self._generated[row]),
        )

    def _because(self, row: int, limit: int) -> list[list[tuple[int, float]] | None]:
        first = self._explained[row]
        count = min(int(self._explained[row + 1] - first), limit)
        bounds = self._reasons[first : first + count + 1].tolist()
        start = bounds[0]
        places = self._reason_places[start : bounds[-1]].tolist()
        shares = self._shares[start : bounds[-1]].tolist()
        pairs = list(zip(places, shares, strict=True))
        return [pairs[low - start : high - start] for low, high in pairwise(bounds)]


def _extend(bounds: NDArray[np.int64], rows: slice, lists: pa.ListArray) -> slice:
    """Continue ``bounds`` with the lengths of the next rows; return where their values go."""
    lengths = np.diff(lists.offsets.to_numpy())
    start = int(bounds[rows.start])
    bounds[rows.start + 1 : rows.stop + 1] = start + np.cumsum(lengths)
    return slice(start, int(bounds[rows.stop]))
