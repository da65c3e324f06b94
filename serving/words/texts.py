"""How well each film answers to a text: what it is about first, how it feels second, how known it is last."""

from __future__ import annotations

import numpy as np

from pipelines.people.history import FloatArray
from serving.snapshot import Snapshot
from serving.words.mood import Part, Wish

GENRE_OF_TOPIC = 0.3
"""What being of a topic's genre says beside being described with its words, which says up to 1."""
MOOD_WORDS = 0.3
MOOD_GENRES = 0.4
FAME = 0.05
"""What the most popular film has before one nobody rated, so that equals come in a sensible order."""


def text_scores(snapshot: Snapshot, wish: Wish) -> tuple[FloatArray, list[str]]:
    """Score every film for a wish.

    A film must answer to one of the topics, or, where there is none, to the moods.

    Returns
    -------
    scores : float32 array, shape (n_films,)
        -inf for films that do not answer.
    understood : list of str
        The phrases that some film answers to; without any there is no list to make.
    """
    nothing = np.zeros(len(snapshot.films), dtype=np.float32)
    about, feel, understood, wanted = nothing.copy(), nothing.copy(), [], 0
    for part in wish.topics:
        told = _topic(snapshot, part)
        if told.any():
            understood.append(part.phrase)
            about += np.float32(part.sign) * told
            wanted += part.sign > 0
    for part in wish.moods:
        told = _mood(snapshot, part)
        if told.any():
            understood.append(part.phrase)
            feel += np.float32(part.sign) * told
    answers = about > 0 if wanted else (about >= 0) & (about + feel > 0)
    if not answers.any():
        return nothing, []
    scores = about / max(1, wanted) + feel / max(1, len(wish.moods)) + np.float32(FAME) * snapshot.fame
    return np.where(answers, scores, -np.inf).astype(np.float32), understood


def _topic(snapshot: Snapshot, part: Part) -> FloatArray:
    """Return how much each film is about a phrase, 0 to 1.3."""
    told = _by_words(snapshot, part)
    return told + np.float32(GENRE_OF_TOPIC) * _of_genres(snapshot, part.likes)


def _mood(snapshot: Snapshot, part: Part) -> FloatArray:
    """Return how much each film feels like a phrase, -0.4 to 0.7."""
    genres = _of_genres(snapshot, part.likes) - _of_genres(snapshot, part.clashes)
    return np.float32(MOOD_WORDS) * _by_words(snapshot, part) + np.float32(MOOD_GENRES) * genres


def _of_genres(snapshot: Snapshot, names: tuple[str, ...]) -> FloatArray:
    """Return 1 for films of any of these genres."""
    found = np.zeros(len(snapshot.films), dtype=bool)
    for name in names:
        found |= snapshot.films.genres.get(name, False)
    return found.astype(np.float32)


def _by_words(snapshot: Snapshot, part: Part) -> FloatArray:
    """Return how much each film is described with a phrase's words, 0 to 1: 1 for the film that is most.

    The release's content model tells, or the words of its films where it has none that reads.
    """
    content = snapshot.content
    read = getattr(content.model, "score_text", None) if content is not None else None
    if content is None or read is None:
        told = snapshot.words.score(part.words)
    else:
        text = " ".join([part.phrase, *part.words])  # what was typed counts twice
        places, told = content.places, np.zeros(len(snapshot.films), dtype=np.float32)
        told[places[places >= 0]] = read(text)[places >= 0]
    told = np.where(np.isfinite(told) & (told > 0), told, 0).astype(np.float32)
    most: float = told.max(initial=0)
    return told / np.float32(most) if most > 0 else told
