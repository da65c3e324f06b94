"""What is known of a person: their ratings, and what a film would be to them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.http.schemas.base import Answer


class RatedFilm(Answer):
    """A film that somebody rated."""

    movie_id: int = Field(description="TMDB id.")
    title: str | None
    rating: float = Field(ge=0.5, le=5, description="Stars.")
    rated_at: datetime
    source: str = Field(description="Where the rating came from.", examples=["supabase"])


class History(Answer):
    """What somebody's list was made from."""

    user_id: str
    release_id: str
    total_ratings: int = Field(ge=0)
    page: int = Field(ge=1)
    ratings: list[RatedFilm] = Field(description="The latest first.")


class ChannelSays(Answer):
    """One channel's part in a film's score."""

    channel: str = Field(examples=["als"])
    points: float = Field(description="What it adds to the score; below 0 it speaks against the film.")
    share: float = Field(ge=0, le=1, description="Its part of all that is said, for and against.")


class WhyNotAnswer(Answer):
    """What became of a film in somebody's list."""

    user_id: str
    movie_id: int = Field(description="TMDB id.")
    title: str
    release_id: str
    outcome: Literal["listed", "further_down", "rated", "not_scored"]
    rank: int | None = Field(description="Its place among all films they have not rated, from 1.")
    score: float | None = Field(description="What it is ranked by.")
    of: int = Field(description="Films that have a score for them.")
    length: int = Field(description="Films of the list.")
    last_score: float | None = Field(description="The score of the list's last film.")
    rating: float | None = Field(description="The stars they gave it, where they did.")
    channels: list[ChannelSays] = Field(description="The loudest first; none for a film that fills a list up.")
    explanation: str


class PredictedRating(Answer):
    """The stars that somebody would give a film."""

    user_id: str
    movie_id: int = Field(description="TMDB id.")
    title: str
    release_id: str
    predicted_rating: float = Field(ge=0.5, le=5, description="Stars; as if they had not rated it.")
    rated: float | None = Field(description="The stars that they did give, if they have rated it.")
    known_film: bool = Field(description="Whether ratings of the film were learned from; else it is the person's mean.")
    rmse: float = Field(ge=0, description="Root of the mean squared error of such predictions, in stars.")
    mae: float = Field(ge=0, description="Mean absolute error, in stars.")
    n_ratings: int = Field(description="Ratings that the errors were measured on, by five-fold cross-validation.")
