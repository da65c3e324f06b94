"""A film as a text: one document each, for models that read."""

from __future__ import annotations

import re
from typing import Any

from pipelines.films.films import Films

TOP_CAST = 3
LISTS = ("genres", "keywords", "tags")
NAMES = {"cast_names": TOP_CAST, "directors": None}
TEXTS = ("title", "overview")


def documents(films: Films) -> list[str]:
    """Join what is known of each film: genres, keywords, tags, title, overview, three actors and the directors.

    A person's name becomes one token, so that two Scotts stay two people. Missing columns and values are left out; a
    film of which nothing is known has an empty document.
    """
    parts: list[list[str]] = [[] for _ in range(len(films))]
    for column in (*LISTS, *NAMES, *TEXTS):
        if column not in films.metadata:
            continue
        for words, value in zip(parts, films.metadata[column], strict=True):
            if column in TEXTS:
                words.extend([value] if isinstance(value, str) else [])
            elif column in LISTS:
                words.extend(str(entry) for entry in _entries(value))
            else:
                words.extend(joined(str(entry)) for entry in _entries(value)[: NAMES[column]])
    return [" . ".join(words) for words in parts]


def joined(name: str) -> str:
    """Write a name as one lower-case token: "Sigourney Weaver" is "sigourneyweaver"."""
    return re.sub(r"\W+", "", name).lower()


def _entries(value: Any) -> list[Any]:
    return [] if value is None or isinstance(value, (str, float)) else list(value)
