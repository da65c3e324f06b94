"""Films, and lists of them that are the same for everybody.

Written by `serving/http/client_shapes.py` from `serving/http/schemas`; change those and write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film in a list of films."""

    movie_id: int  # TMDB id.
    title: str
    year: int | None
    release_date: date | None
    genres: list[str]
    poster_path: str | None  # TMDB's path of the poster.
    poster_url: str | None  # Where the poster can be loaded from.
    backdrop_path: str | None
    runtime: int | None  # Minutes.
    overview: str | None
    vote_average: float | None  # TMDB's mean vote.


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedFilm(Film):
    """A film in a list that is the same for everybody."""

    rank: int
    score: float  # The chance of 4 stars or more from who rates it; in a search, how well the title fits.
    recommendable: bool  # Whether lists may hold it: it is in the catalogue, with a title.


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmPage:
    """A page of films."""

    release_id: str
    page: int
    total_pages: int
    total_results: int
    results: list[RankedFilm]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarFilms:
    """The films most like one film."""

    movie_id: int
    release_id: str
    results: list[RankedFilm]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredFilm(Film):
    """A film in a list to look through, which the catalogue may not hold."""

    rank: int
    score: float | None  # As in a list of the release's; null where the list is TMDB's.
    recommendable: bool  # Whether lists may hold it: it is in the catalogue, with a title.


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveryPage:
    """A page of films to look through."""

    release_id: str
    source: Literal["tmdb", "release"]  # Whose list it is.
    page: int
    total_pages: int
    total_results: int
    results: list[DiscoveredFilm]


@dataclass(frozen=True, slots=True, kw_only=True)
class Genre:
    """A genre and how many films have it."""

    name: str
    films: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Genres:
    """All genres."""

    release_id: str
    genres: list[Genre]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieDetails:
    """All that is known of a film."""

    movie_id: int  # TMDB id.
    movielens_id: int | None
    imdb_id: str | None
    title: str | None
    original_title: str | None
    year: int | None
    release_date: date | None
    genres: list[str]
    keywords: list[str]
    cast_names: list[str]
    directors: list[str]
    overview: str | None
    tagline: str | None
    runtime: int | None  # Minutes.
    language: str | None
    poster_path: str | None
    poster_url: str | None
    backdrop_path: str | None
    vote_average: float | None  # TMDB's mean vote, 0-10.
    vote_count: int | None
    ratings: int  # People here who rated it.
    mean_rating: float | None  # Their mean rating, 0.5-5.0 stars.
    recommendable: bool  # Whether lists may hold it: it has a title.
