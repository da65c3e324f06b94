"""A plan's pieces as conditions on a catalogue: which films meet one, and how well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipelines.films.titles import plain
from pipelines.people.history import FloatArray
from serving.words.children import for_children
from serving.words.facts import Facts, Mask
from serving.words.plan import Kind, Piece
from serving.words.vocabulary import KEPT_OUT, LANGUAGES, MOODS

LOOSENED_FIRST: tuple[Kind, ...] = ("length", "years", "language", "mood", "genre", "topic", "title", "person")
"""When too few films meet a wish, its conditions are let go in this order; what is to be kept out, and children's
films, are never let go."""
SIMILAR_DEPTH = 100
PART_WEIGHT, MOOD_WEIGHT, AUDIENCE_WEIGHT = 0.4, 0.8, 0.3
GENRES_OF_MOOD = 0.6
DATE_NIGHT = ("Romance", "Comedy")
NOT_FOR_A_DATE = ("Horror", "War")


@dataclass(frozen=True)
class Condition:
    """A piece on a catalogue.

    Attributes
    ----------
    met : bool array, shape (n_films,), or None
        Films that meet it; None where it only says which films are better.
    score : float32 array, shape (n_films,), or None
        How well, 0-1.
    never_loosened : bool
    """

    piece: Piece
    met: Mask | None = None
    score: FloatArray | None = None
    never_loosened: bool = False


def condition_of(facts: Facts, piece: Piece, similar: Iterable[tuple[int, float]] = ()) -> Condition | None:
    """Return a piece as a condition, or None where the catalogue has nothing that meets it.

    Parameters
    ----------
    similar : iterable of (place, score)
        For a title: the films most like it, best first.
    """
    made = _CONDITIONS[piece.kind](facts, piece, list(similar))
    if piece.negative and made is not None:
        kept_out = _kept_out(facts, piece) if piece.kind == "mood" else made.met
        return None if kept_out is None else Condition(piece, ~kept_out, None, never_loosened=True)
    return made if made is None or made.met is None or made.met.any() else None


def _person(facts: Facts, piece: Piece, _: object) -> Condition:
    places, parts = facts.people.films_of(piece.value)
    score = np.zeros(len(facts.films), dtype=np.float32)
    np.maximum.at(score, places, parts)
    return Condition(piece, score > 0, np.float32(PART_WEIGHT) * score)


def _title(facts: Facts, piece: Piece, similar: list[tuple[int, float]]) -> Condition | None:
    """Films like a film: by the release's similar films and by its keywords, genres and makers."""
    if piece.low is None:
        return None
    itself = np.zeros(len(facts.films), dtype=bool)
    itself[piece.low] = True
    if piece.negative:
        return Condition(piece, itself | _of_words(facts, piece.value, ("title",)))
    score = np.zeros(len(facts.films), dtype=np.float32)
    for rank, (place, _) in enumerate(similar[:SIMILAR_DEPTH]):
        score[place] += np.float32(0.5 / (1 + 0.05 * rank))
    described = facts.described_like(piece.low)
    score += np.float32(0.6) * described
    score *= np.float32(0.3) + np.float32(0.7) * facts.genres_shared(piece.low)
    met = (score > 0.05) & ~itself if piece.firm else (score > 0.05) | itself
    score[piece.low] = 2.0
    return Condition(piece, met, score)


def _genre(facts: Facts, piece: Piece, _: object) -> Condition:
    return Condition(piece, facts.of_genre(piece.value))


def _years(facts: Facts, piece: Piece, _: object) -> Condition:
    years = facts.films.years
    met = (years >= (piece.low or 1)) & (years <= (piece.high or 9999)) & (years > 0)
    return Condition(piece, met)


def _length(facts: Facts, piece: Piece, _: object) -> Condition:
    met = (facts.minutes >= (piece.low or 1)) & (facts.minutes <= (piece.high or 100_000)) & (facts.minutes > 0)
    return Condition(piece, met)


def _language(facts: Facts, piece: Piece, _: object) -> Condition:
    return Condition(piece, facts.in_languages(LANGUAGES.get(piece.value, (piece.value,))))


def _audience(facts: Facts, piece: Piece, _: object) -> Condition:
    if piece.value == "children":
        score = np.float32(AUDIENCE_WEIGHT) * facts.of_genre("Animation").astype(np.float32)
        return Condition(piece, for_children(facts), score, never_loosened=True)
    liked = facts.of_genres(DATE_NIGHT[:1]).astype(np.float32) + facts.of_genres(DATE_NIGHT[1:])
    return Condition(
        piece, (liked > 0) & ~facts.of_genres(NOT_FOR_A_DATE), (liked / 2).astype(np.float32), never_loosened=True
    )


def _mood(facts: Facts, piece: Piece, _: object) -> Condition | None:
    mood = MOODS.get(piece.value)
    if mood is None:
        return _topic(facts, piece, ())
    described = _scaled(facts.search.score([piece.value, *mood.words]))
    genres = facts.of_genres(mood.likes).astype(np.float32) - facts.of_genres(mood.clashes).astype(np.float32)
    score = np.float32(GENRES_OF_MOOD) * genres + np.float32(1 - GENRES_OF_MOOD) * described
    met = facts.of_genres(mood.likes) if mood.likes and piece.firm else None
    return Condition(piece, met, np.float32(MOOD_WEIGHT) * score)


def _topic(facts: Facts, piece: Piece, _: object) -> Condition | None:
    score = facts.search.score([piece.value])
    if not score.any():
        return None
    met = score > 0
    words = plain(piece.value).split()
    if len(words) > 1 and not piece.negative:  # at least half of what the best film has of the words
        met = score > 0.4 * score.max()
    if piece.negative:
        met = _of_words(facts, piece.value, ("title", "keywords", "tags", "overview"))
    return Condition(piece, met, _scaled(score))


def _of_words(facts: Facts, words: str, fields: tuple[str, ...]) -> Mask:
    """Return the films that have any of some words in some fields."""
    met: Mask = facts.search.score([words], fields) > 0
    return met


def _kept_out(facts: Facts, piece: Piece) -> Mask | None:
    """Return the films that an unwanted mood keeps out."""
    genres, keywords = KEPT_OUT.get(piece.value, ((), ()))
    mood = MOODS.get(piece.value)
    if not genres and not keywords:
        return None if mood is None or not mood.likes else facts.of_genres(mood.likes[:1])
    return facts.of_genres(genres) | facts.with_keywords(keywords)


def _scaled(scores: FloatArray) -> FloatArray:
    """Return scores as shares of the highest one."""
    most = float(scores.max(initial=0))
    scaled: FloatArray = scores / np.float32(most) if most > 0 else scores
    return scaled


_CONDITIONS = {
    "person": _person, "title": _title, "genre": _genre, "years": _years, "length": _length,
    "language": _language, "audience": _audience, "mood": _mood, "topic": _topic,
}  # fmt: skip
