"""Every route of lists, people and films: what is asked, and the answer's shape. Both clients send the same calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypedDict, TypeVar
from urllib.parse import quote

from playbill_client.shapes import (
    Batch,
    FilmPage,
    Genres,
    Health,
    History,
    MovieDetails,
    PredictedRating,
    Ready,
    RecommendationList,
    ReleaseInfo,
    SimilarFilms,
    Taken,
    WhyNotAnswer,
    WishedList,
)

Shape = TypeVar("Shape")


class Rating(TypedDict, total=False):
    """A film somebody rated: movie_id, rating (0.5-5.0 stars) and, where only the order counts, rated_at."""

    movie_id: int
    rating: float
    rated_at: str


class Event(TypedDict, total=False):
    """One thing somebody did with a film: movie_id, event, and value (stars) and timestamp where there are any."""

    movie_id: int
    event: str
    value: float
    timestamp: str


@dataclass(frozen=True)
class Call(Generic[Shape]):
    """One request. ``path`` has its parts as ``{name}`` so that it can be logged without naming a person."""

    shape: type[Shape]
    path: str
    parts: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True

    @property
    def method(self) -> str:
        """GET, or POST where something is sent."""
        return "GET" if self.body is None else "POST"

    @property
    def real_path(self) -> str:
        """The path with its parts in place."""
        return self.path.format_map({name: quote(part, safe="") for name, part in self.parts.items()})


def recommendations(
    user_id: str,
    *,
    limit: int = 10,
    genres: Sequence[str] = (),
    genres_mode: Literal["all", "any"] | None = None,
    year_from: int | None = None,
    year_to: int | None = None,
    min_rating: float | None = None,
    exclude: Sequence[int] = (),
    fresh: bool = False,
) -> Call[RecommendationList]:
    """Return somebody's list; somebody unknown gets popular films, with ``fallback_used``.

    ``fresh`` asks for the list of this moment if the person has rated since the release was made.
    """
    query = given(
        limit=limit, genre=_joined(genres), genres_mode=genres_mode, year_from=year_from, year_to=year_to,
        min_rating=min_rating, exclude=_joined(exclude), fresh="true" if fresh else None,
    )  # fmt: skip
    return Call(RecommendationList, "/recommendations/{user_id}", {"user_id": user_id}, query)


def mine(*, limit: int = 10) -> Call[RecommendationList]:
    """Return the list of the token's own user at this moment."""
    return Call(RecommendationList, "/recommendations/me", query={"limit": limit})


def batch(user_ids: Sequence[str], *, limit: int = 10) -> Call[Batch]:
    """Return up to 100 people's lists, in that order."""
    return Call(Batch, "/recommendations/batch", body={"user_ids": list(user_ids), "limit": limit})


def recommend(
    *,
    user_id: str | None = None,
    liked: Sequence[int] = (),
    ratings: Sequence[Rating] = (),
    query: str = "",
    genres: Sequence[str] = (),
    genres_mode: Literal["all", "any"] = "all",
    min_rating: float | None = None,
    year_from: int | None = None,
    year_to: int | None = None,
    exclude: Sequence[int] = (),
    limit: int = 10,
    model: Literal["auto", "baseline", "cf", "content"] = "auto",
    ids: Literal["tmdb", "movielens"] = "tmdb",
) -> Call[WishedList]:
    """Make a list from likes, ratings and words; nothing of it is kept."""
    wish = given(
        user_id=user_id, liked=list(liked) or None, ratings=[dict(rating) for rating in ratings] or None,
        query=query or None, genres=list(genres) or None, genres_mode=genres_mode, min_rating=min_rating,
        year_from=year_from, year_to=year_to, exclude=list(exclude) or None, limit=limit, model=model, ids=ids,
    )  # fmt: skip
    return Call(WishedList, "/recommend", body=wish)


def history(user_id: str, *, limit: int = 100, page: int = 1) -> Call[History]:
    """Return the ratings that somebody's list was made from, the latest first."""
    return Call(History, "/users/{user_id}/history", {"user_id": user_id}, {"limit": limit, "page": page})


def why_not(user_id: str, movie_id: int) -> Call[WhyNotAnswer]:
    """Return why a film is not on somebody's list, or where on it."""
    path = {"user_id": user_id, "movie_id": str(movie_id)}
    return Call(WhyNotAnswer, "/recommendations/{user_id}/why-not/{movie_id}", path)


def rating(user_id: str, movie_id: int) -> Call[PredictedRating]:
    """Return the stars that somebody is expected to give a film."""
    return Call(PredictedRating, "/users/{user_id}/rating/{movie_id}", {"user_id": user_id, "movie_id": str(movie_id)})


def movie(movie_id: int) -> Call[MovieDetails]:
    """Return all that is known of a film."""
    return Call(MovieDetails, "/movies/{movie_id}", {"movie_id": str(movie_id)})


def similar(movie_id: int, *, limit: int = 10) -> Call[SimilarFilms]:
    """Return the films most like a film."""
    return Call(SimilarFilms, "/movies/{movie_id}/similar", {"movie_id": str(movie_id)}, {"limit": limit})


def popular(*, genre: str | None = None, page: int = 1) -> Call[FilmPage]:
    """Return what many people like, 20 films a page."""
    return Call(FilmPage, "/movies/popular", query=given(genre=genre, page=page))


def search(words: str, *, page: int = 1) -> Call[FilmPage]:
    """Find films by title, 20 a page; nearly spelled so will do."""
    return Call(FilmPage, "/movies/search", query={"q": words, "page": page})


def genres() -> Call[Genres]:
    """Return all genres."""
    return Call(Genres, "/genres")


def feedback(user_id: str, events: Sequence[Event]) -> Call[Taken]:
    """Tell what somebody did, for the next ingest; needs a server with PLAYBILL_SERVING__FEEDBACK=true.

    It is sent again only where the API has not answered because it could not be reached: an event counts once. Events
    without a time are given the time of the call.
    """
    now = datetime.now(UTC).isoformat()
    body = {"user_id": user_id, "events": [{"timestamp": now, **event} for event in events]}
    return Call(Taken, "/feedback", body=body, repeatable=False)


def health() -> Call[Health]:
    """Return whether the API is alive, and what it serves."""
    return Call(Health, "/health")


def ready() -> Call[Ready]:
    """Return whether it can answer, from a release that is young enough."""
    return Call(Ready, "/ready")


def release() -> Call[ReleaseInfo]:
    """Return what is being served."""
    return Call(ReleaseInfo, "/release")


def given(**values: Any) -> dict[str, Any]:
    """Return what is not None."""
    return {name: value for name, value in values.items() if value is not None}


def _joined(values: Sequence[object]) -> str | None:
    return ",".join(str(value) for value in values) or None
