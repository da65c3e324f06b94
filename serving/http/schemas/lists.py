"""Somebody's list, and a list made from what a request says."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.http.schemas.base import Answer
from serving.http.schemas.films import Film


class Because(Answer):
    """A film of the person's own that speaks for a recommendation."""

    movie_id: int = Field(description="TMDB id.")
    title: str
    share: float = Field(ge=0, le=1, description="Its part of the recommendation's score.")


class Item(Film):
    """A recommended film."""

    rank: int = Field(ge=1, description="Place in the list.")
    score: float = Field(ge=0, le=1, description="The chance of 4 stars or more from who rates it; falls down a list.")
    reason: Literal["hybrid", "content_based", "popular_in_genre", "popular"]
    because: list[Because] | None = Field(description="Up to three films it is due to; null past the tenth.")


class RecommendationList(Answer):
    """Somebody's films, best first."""

    user_id: str | None = Field(description="Whose list; null when it was made from the request alone.")
    strategy: Literal["precomputed", "live", "popularity_fallback"]
    fallback_used: bool = Field(description="Whether any film was filled in from popularity.")
    stale: bool = Field(description="Whether newer ratings exist but could not be read just now.")
    outdated: bool | None = Field(
        description="Whether the person has rated since the list was made; null where that is not known."
    )
    total_ratings: int = Field(ge=0, description="Ratings that the list is made from.")
    release_id: str
    generated_at: datetime
    recommendations: list[Item]


class Batch(Answer):
    """Several people's lists."""

    release_id: str
    lists: list[RecommendationList] = Field(description="In the order they were asked for.")


class Understood(Answer):
    """One thing that a wish asks for."""

    kind: Literal["person", "title", "genre", "years", "length", "language", "audience", "mood", "topic"]
    value: str = Field(examples=["Stanley Kubrick"], description="In the catalogue's words.")
    text: str = Field(description="What was typed.")
    negative: bool = Field(description="Whether it is kept out.")


class Explanation(Answer):
    """Why a film fits a wish, in the words of an LLM."""

    movie_id: int
    text: str


class WishedList(RecommendationList):
    """A list made from what a request says."""

    model: Literal["baseline", "cf", "content"] = Field(description="What ranked it.")
    ignored: list[int] = Field(description="Ids in the request that name no film here.")
    understood: list[Understood] = Field(description="What the query asks for and the films meet, piece by piece.")
    loosened: list[Understood] = Field(description="What was let go, in this order, as too few films met it.")
    read_by: Literal["built_in", "llm"] = Field(description="Who read the query.")
    explanations: list[Explanation] = Field(description="A sentence a film, where an LLM is set up and gave one.")
