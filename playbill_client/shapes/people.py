"""What is known of a person: their ratings, and what a film would be to them.

Written by `serving/http/client_shapes.py` from `serving/http/schemas`; change those and write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedFilm:
    """A film that somebody rated."""

    movie_id: int  # TMDB id.
    title: str | None
    rating: float  # Stars.
    rated_at: datetime
    source: str  # Where the rating came from.


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What somebody's list was made from."""

    user_id: str
    release_id: str
    total_ratings: int
    page: int
    ratings: list[RatedFilm]  # The latest first.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSays:
    """One channel's part in a film's score."""

    channel: str
    points: float  # What it adds to the score; below 0 it speaks against the film.
    share: float  # Its part of all that is said, for and against.


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNotAnswer:
    """What became of a film in somebody's list."""

    user_id: str
    movie_id: int  # TMDB id.
    title: str
    release_id: str
    outcome: Literal["listed", "further_down", "rated", "not_scored"]
    rank: int | None  # Its place among all films they have not rated, from 1.
    score: float | None  # What it is ranked by.
    of: int  # Films that have a score for them.
    length: int  # Films of the list.
    last_score: float | None  # The score of the list's last film.
    rating: float | None  # The stars they gave it, where they did.
    channels: list[ChannelSays]  # The loudest first; none for a film that fills a list up.
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedRating:
    """The stars that somebody would give a film."""

    user_id: str
    movie_id: int  # TMDB id.
    title: str
    release_id: str
    predicted_rating: float  # Stars; as if they had not rated it.
    rated: float | None  # The stars that they did give, if they have rated it.
    known_film: bool  # Whether ratings of the film were learned from; else it is the person's mean.
    rmse: float  # Root of the mean squared error of such predictions, in stars.
    mae: float  # Mean absolute error, in stars.
    n_ratings: int  # Ratings that the errors were measured on, by five-fold cross-validation.
