"""Somebody's list, and a list made from what a request says.

Written by `serving/http/client_shapes.py` from `serving/http/schemas`; change those and write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from playbill_client.shapes.films import Film


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """A film of the person's own that speaks for a recommendation."""

    movie_id: int  # TMDB id.
    title: str
    share: float  # Its part of the recommendation's score.


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Film):
    """A recommended film."""

    rank: int  # Place in the list.
    score: float  # The chance of 4 stars or more from who rates it; falls down a list.
    reason: Literal["hybrid", "content_based", "popular_in_genre", "popular"]
    because: list[Because] | None  # Up to three films it is due to; null past the tenth.


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationList:
    """Somebody's films, best first."""

    user_id: str | None  # Whose list; null when it was made from the request alone.
    strategy: Literal["precomputed", "live", "popularity_fallback"]
    fallback_used: bool  # Whether any film was filled in from popularity.
    stale: bool  # Whether newer ratings exist but could not be read just now.
    outdated: bool | None  # Whether the person has rated since the list was made; null where that is not known.
    total_ratings: int  # Ratings that the list is made from.
    release_id: str
    generated_at: datetime
    recommendations: list[Item]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Several people's lists."""

    release_id: str
    lists: list[RecommendationList]  # In the order they were asked for.


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One thing that a wish asks for."""

    kind: Literal["person", "title", "genre", "years", "length", "language", "audience", "mood", "topic"]
    value: str  # In the catalogue's words.
    text: str  # What was typed.
    negative: bool  # Whether it is kept out.


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a film fits a wish, in the words of an LLM."""

    movie_id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WishedList(RecommendationList):
    """A list made from what a request says."""

    model: Literal["baseline", "cf", "content"]  # What ranked it.
    ignored: list[int]  # Ids in the request that name no film here.
    understood: list[Understood]  # What the query asks for and the films meet, piece by piece.
    loosened: list[Understood]  # What was let go, in this order, as too few films met it.
    read_by: Literal["built_in", "llm"]  # Who read the query.
    explanations: list[Explanation]  # A sentence a film, where an LLM is set up and gave one.
