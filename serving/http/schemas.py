"""The shapes of what the API takes and gives; `render` writes the bytes, and a test holds the two equal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """What the API gives; nothing in it is left out, only null."""

    model_config = ConfigDict(extra="forbid")


class Because(Answer):
    """A film of the person's own that speaks for a recommendation."""

    movie_id: int = Field(description="TMDB id.")
    title: str
    share: float = Field(ge=0, le=1, description="Its part of the recommendation's score.")


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


class MusicItem(Answer):
    """An album or a track."""

    kind: Literal["album", "track"]
    id: str = Field(description="Spotify's id.")
    name: str
    artists: list[str]
    album: str | None = Field(description="The album of a track.")
    release_date: str | None = Field(description="A year, a month or a day.")
    image_url: str | None
    duration_ms: int | None
    preview_url: str | None
    url: str | None = Field(description="Where it can be heard.")


class MusicAnswer(Answer):
    """A page of music."""

    source: Literal["spotify"]
    stale: bool = Field(description="Whether Spotify does not answer just now: it is an older answer, or none.")
    page: int = Field(ge=1)
    total_results: int = Field(ge=0)
    results: list[MusicItem]


class MovieMusic(Answer):
    """A film's music."""

    movie_id: int = Field(description="TMDB id.")
    title: str
    stale: bool = Field(description="Whether Spotify does not answer just now: it is an older answer, or none.")
    albums: list[MusicItem]
    tracks: list[MusicItem] = Field(description="Of the first album.")


class SimilarFilms(Answer):
    """The films most like one film."""

    movie_id: int
    release_id: str
    results: list[RankedFilm]


class Genre(Answer):
    """A genre and how many films have it."""

    name: str
    films: int


class Genres(Answer):
    """All genres."""

    release_id: str
    genres: list[Genre]


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = Field(None, description="What is wrong with the request, place by place.")
    request_id: str | None = None


class Taken(Answer):
    """How many events were written down."""

    taken: int


class Health(Answer):
    """Whether the process is alive, and what it serves."""

    status: Literal["ok"]
    release_id: str | None
    model: str | None
    n_users: int
    n_items: int


class Ready(Answer):
    """Whether it can answer, from a release that is young enough."""

    status: Literal["ready"]
    release_id: str
    age_hours: float
    last_look_seconds: float = Field(description="Since the last look for a release that worked.")
    failed_looks: int


class ReleaseInfo(Answer):
    """What is being served: the manifest without its files."""

    model_config = ConfigDict(extra="allow")

    release_id: str
    created_at: datetime
    model: str
    dataset: str
    users: int
    movies: int
    ratings: int


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
