"""What the API answers, as frozen dataclasses.

Written by `serving/http/client_shapes.py` from `serving/http/schemas.py`; change those and write it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """A film of the person's own that speaks for a recommendation."""

    movie_id: int  # TMDB id.
    title: str
    share: float  # Its part of the recommendation's score.


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
class Item:
    """A recommended film."""

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
class WishedList:
    """A list made from what a request says."""

    user_id: str | None  # Whose list; null when it was made from the request alone.
    strategy: Literal["precomputed", "live", "popularity_fallback"]
    fallback_used: bool  # Whether any film was filled in from popularity.
    stale: bool  # Whether newer ratings exist but could not be read just now.
    outdated: bool | None  # Whether the person has rated since the list was made; null where that is not known.
    total_ratings: int  # Ratings that the list is made from.
    release_id: str
    generated_at: datetime
    recommendations: list[Item]
    model: Literal["baseline", "cf", "content"]  # What ranked it.
    ignored: list[int]  # Ids in the request that name no film here.
    understood: list[Understood]  # What the query asks for and the films meet, piece by piece.
    loosened: list[Understood]  # What was let go, in this order, as too few films met it.
    read_by: Literal["built_in", "llm"]  # Who read the query.
    explanations: list[Explanation]  # A sentence a film, where an LLM is set up and gave one.


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedFilm:
    """A film in a list that is the same for everybody."""

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
class DiscoveredFilm:
    """A film in a list to look through, which the catalogue may not hold."""

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
class MusicItem:
    """An album or a track."""

    kind: Literal["album", "track"]
    id: str  # Spotify's id.
    name: str
    artists: list[str]
    album: str | None  # The album of a track.
    release_date: str | None  # A year, a month or a day.
    image_url: str | None
    duration_ms: int | None
    preview_url: str | None
    url: str | None  # Where it can be heard.


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicAnswer:
    """A page of music."""

    source: Literal["spotify"]
    stale: bool  # Whether Spotify does not answer just now: it is an older answer, or none.
    page: int
    total_results: int
    results: list[MusicItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieMusic:
    """A film's music."""

    movie_id: int  # TMDB id.
    title: str
    stale: bool  # Whether Spotify does not answer just now: it is an older answer, or none.
    albums: list[MusicItem]
    tracks: list[MusicItem]  # Of the first album.


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarFilms:
    """The films most like one film."""

    movie_id: int
    release_id: str
    results: list[RankedFilm]


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
class Taken:
    """How many events were written down."""

    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the process is alive, and what it serves."""

    status: Literal["ok"]
    release_id: str | None
    model: str | None
    n_users: int
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Whether it can answer, from a release that is young enough."""

    status: Literal["ready"]
    release_id: str
    age_hours: float
    last_look_seconds: float  # Since the last look for a release that worked.
    failed_looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInfo:
    """What is being served: the manifest without its files."""

    release_id: str
    created_at: datetime
    model: str
    dataset: str
    users: int
    movies: int
    ratings: int
    more: dict[str, Any]


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
