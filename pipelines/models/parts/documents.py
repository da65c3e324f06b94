"""A film as words, field by field, for models that read: a genre says another thing than a word of the plot."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import combinations
from typing import Any

from pipelines.films.films import Films

TOP_CAST = 3
ERA_YEARS = 10
ERA_STEPS = (0, 3, 6)
"""Decades that begin in 1970, in 1967 and in 1964: years that lie close share two or three of them."""
WORD = re.compile(r"\w\w+")

PROSE = ("title", "overview")
"""Fields that are sentences: words such as "the" say nothing there."""

Words = list[list[str]]


def documents(films: Films, fields: Iterable[str] | None = None) -> dict[str, Words]:
    """Return what is known of each film as words, by field: a list of words a film, empty where nothing is known.

    All fields unless some are named.

    ``genres`` are genres and pairs of them, as a comedy that is a horror film is neither kind of its own; ``keywords``,
    ``tags``, ``cast`` (three actors) and ``directors`` are one word each, so that two Scotts stay two people; ``title``
    and ``overview`` are their words; ``era`` is when it came out, ``language`` what is spoken where that tells films
    apart: not in English.
    """
    words = {}
    for field in FIELDS if fields is None else fields:
        column, read = FIELDS[field]
        words[field] = [read(value) for value in _column(films, column)]
    return words


@lru_cache(1 << 16)  # a genre is on thousands of films
def joined(name: str) -> str:
    """Write a name as one lower-case word: "Sigourney Weaver" is "sigourneyweaver"."""
    return re.sub(r"\W+", "", name).lower()


def _column(films: Films, name: str) -> list[Any]:
    return films.metadata[name].tolist() if name in films.metadata else [None] * len(films)


def _names(value: Any) -> list[str]:
    entries = [] if value is None or isinstance(value, (str, float)) else list(value)
    return [word for word in (joined(str(entry)) for entry in entries) if word]


def _with_pairs(value: Any) -> list[str]:
    names = _names(value)
    return [*names, *("+".join(sorted(pair)) for pair in combinations(names, 2))]


def _first_names(value: Any) -> list[str]:
    return _names(value)[:TOP_CAST]


def _words(value: Any) -> list[str]:
    return WORD.findall(value.lower()) if isinstance(value, str) else []


def _era(value: Any) -> list[str]:
    if value is None or math.isnan(value):
        return []
    return [f"{step}:{(int(value) + step) // ERA_YEARS}" for step in ERA_STEPS]


def _language(value: Any) -> list[str]:
    return [value] if isinstance(value, str) and value != "en" else []


FIELDS: dict[str, tuple[str, Callable[[Any], list[str]]]] = {
    "genres": ("genres", _with_pairs),
    "keywords": ("keywords", _names),
    "tags": ("tags", _names),
    "cast": ("cast_names", _first_names),
    "directors": ("directors", _names),
    "title": ("title", _words),
    "overview": ("overview", _words),
    "era": ("year", _era),
    "language": ("language", _language),
}
"""Each field's column of the films' metadata, and how it is read."""
