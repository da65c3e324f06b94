"""Films by what somebody typed of a title: as it is written first, and, when no film has it so, forgivingly."""

from __future__ import annotations

import numpy as np

from pipelines.films.search import tokenise
from serving.snapshot import Snapshot

Found = list[tuple[int, float]]


def search_titles(snapshot: Snapshot, typed: str, *, limit: int, offset: int) -> tuple[int, Found]:
    """Return how many films there are and one page of (item_idx, score).

    A title that holds the text has a score of 1 to 4. Only if there is none come films that have all of its words in
    any order, and titles that are spelled nearly so, with scores under 1.
    """
    total, hits = snapshot.reader.search(typed, limit=limit, offset=offset)
    if total:
        places = snapshot.films.places([movie_id for movie_id, _ in hits]).tolist()
        return total, [(place, score) for place, (_, score) in zip(places, hits, strict=True) if place >= 0]
    found = _with_words(snapshot, typed) or snapshot.facts.titles.like(typed)
    return len(found), found[offset : offset + limit]


def _with_words(snapshot: Snapshot, typed: str) -> Found:
    """Return the films whose title has every word, best first by BM25, scores under 1."""
    words = list(dict.fromkeys(tokenise([typed])))
    if not words:
        return []
    each = [snapshot.facts.search.score([word], ("title",)) for word in words]
    scores = np.where(np.all([score > 0 for score in each], axis=0), np.sum(each, axis=0), 0)
    places = np.flatnonzero(scores)
    order = places[np.lexsort((-snapshot.facts.fame[places], -scores[places]))]
    most = float(scores.max(initial=0))
    return [(int(place), 0.99 * float(scores[place]) / most) for place in order]
