"""Films, and lists of them that are the same for everybody."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from serving.http.schemas.base import Answer


class Film(Answer):
    """A film in a list of films."""

    movie_id: int = Field(description="TMDB id.", examples=[603])
    title: str = Field(examples=["The Matrix"])
    year: int | None
    release_date: date | None
    genres: list[str]
    poster_path: str | None = Field(description="TMDB's path of the poster.")
    poster_url: str | None = Field(description="Where the poster can be loaded from.")
    backdrop_path: str | None
    runtime: int | None = Field(description="Minutes.")
    overview: str | None
    vote_average: float | None = Field(ge=0, le=10, description="TMDB's mean vote.")


class RankedFilm(Film):
    """A film in a list that is the same for everybody."""

    rank: int = Field(ge=1)
    score: float = Field(
        ge=0, le=1, description="The chance of 4 stars or more from who rates it; in a search, how well the title fits."
    )
    recommendable: bool = Field(description="Whether lists may hold it: it is in the catalogue, with a title.")


class FilmPage(Answer):
    """A page of films."""

    release_id: str
    page: int = Field(ge=1)
    total_pages: int = Field(ge=0)
    total_results: int = Field(ge=0)
    results: list[RankedFilm]


class SimilarFilms(Answer):
    """The films most like one film."""

    movie_id: int
    release_id: str
    results: list[RankedFilm]


class DiscoveredFilm(Film):
    """A film in a list to look through, which the catalogue may not hold."""

    rank: int = Field(ge=1)
    score: float | None = Field(ge=0, le=1, description="As in a list of the release's; null where the list is TMDB's.")
    recommendable: bool = Field(description="Whether lists may hold it: it is in the catalogue, with a title.")


class DiscoveryPage(Answer):
    """A page of films to look through."""

    release_id: str
    source: Literal["tmdb", "release"] = Field(description="Whose list it is.")
    page: int = Field(ge=1)
    total_pages: int = Field(ge=0)
    total_results: int = Field(ge=0)
    results: list[DiscoveredFilm]


class Genre(Answer):
    """A genre and how many films have it."""

    name: str
    films: int


class Genres(Answer):
    """All genres."""

    release_id: str
    genres: list[Genre]


class MovieDetails(Answer):
    """All that is known of a film."""

    movie_id: int = Field(description="TMDB id.", examples=[603])
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
    runtime: int | None = Field(description="Minutes.")
    language: str | None
    poster_path: str | None
    poster_url: str | None
    backdrop_path: str | None
    vote_average: float | None = Field(description="TMDB's mean vote, 0-10.")
    vote_count: int | None
    ratings: int = Field(description="People here who rated it.")
    mean_rating: float | None = Field(description="Their mean rating, 0.5-5.0 stars.")
    recommendable: bool = Field(description="Whether lists may hold it: it has a title.")
