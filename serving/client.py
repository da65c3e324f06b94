"""A typed client of the API, for app developers: one method a route, answers as objects, errors as exceptions.

>>> with PlaybillClient("http://127.0.0.1:8000", api_key="…") as playbill:
...     for item in playbill.recommendations("ml_1", limit=5).recommendations:
...         print(item.rank, item.title)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from serving.http.schemas import (
    Batch,
    FilmPage,
    Genres,
    Health,
    MovieDetails,
    Problem,
    RecommendationList,
    ReleaseInfo,
    SimilarFilms,
    WishedList,
)

Shape = TypeVar("Shape", bound=BaseModel)


class PlaybillApiError(Exception):
    """The API answered something else than what was asked for.

    Attributes
    ----------
    status : int
    detail : str
        The problem object's sentence.
    request_id : str
        Names the request in the server's log.
    retry_after_seconds : int or None
        When to try again, after 429 and 503.
    """

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.request_id = response.headers.get("X-Request-ID", "")
        after = response.headers.get("Retry-After", "")
        self.retry_after_seconds = int(after) if after.isdigit() else None
        try:
            self.detail = Problem.model_validate_json(response.content).detail
        except ValueError:
            self.detail = "the answer is not a problem object; is this Playbill's address?"
        super().__init__(f"{self.status}: {self.detail}")


class PlaybillClient:
    """Calls one API; keeps its connections, so share it and close it.

    Parameters
    ----------
    base_url : str
    api_key : str, optional
        For backends: reads everybody's lists.
    token : str, optional
        A user's Supabase access token: reads that user's.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        token: str | None = None,
        timeout_seconds: float = 5.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"X-API-Key": api_key} if api_key else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=timeout_seconds, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def recommendations(
        self,
        user_id: str,
        *,
        limit: int = 10,
        genres: Sequence[str] = (),
        year_from: int | None = None,
        year_to: int | None = None,
        min_rating: float | None = None,
        exclude: Sequence[int] = (),
        genres_mode: Literal["all", "any"] | None = None,
    ) -> RecommendationList:
        """Return somebody's stored list; somebody unknown gets popular films, with ``fallback_used``.

        Raises
        ------
        PlaybillApiError
            As every method here, if the API refuses or has nothing to serve.
        """
        path = f"/recommendations/{quote(user_id, safe='')}"
        return self._get(
            RecommendationList, path, limit=limit, genre=_joined(genres), year_from=year_from, year_to=year_to,
            min_rating=min_rating, exclude=_joined(exclude), genres_mode=genres_mode,
        )  # fmt: skip

    def mine(self, *, limit: int = 10) -> RecommendationList:
        """Return the list of the token's own user at this moment."""
        return self._get(RecommendationList, "/recommendations/me", limit=limit)

    def batch(self, user_ids: Sequence[str], *, limit: int = 10) -> Batch:
        """Return up to 100 people's lists, in that order."""
        return self._post(Batch, "/recommendations/batch", {"user_ids": list(user_ids), "limit": limit})

    def recommend(self, **wish: Any) -> WishedList:
        """Make a list from likes, ratings and words; the names are those of POST /recommend's body."""
        return self._post(WishedList, "/recommend", wish)

    def movie(self, movie_id: int) -> MovieDetails:
        """Return all that is known of a film."""
        return self._get(MovieDetails, f"/movies/{movie_id}")

    def similar(self, movie_id: int, *, limit: int = 10) -> SimilarFilms:
        """Return the films most like a film."""
        return self._get(SimilarFilms, f"/movies/{movie_id}/similar", limit=limit)

    def popular(self, *, genre: str | None = None, page: int = 1) -> FilmPage:
        """Return what many people like."""
        return self._get(FilmPage, "/movies/popular", genre=genre, page=page)

    def search(self, words: str, *, page: int = 1) -> FilmPage:
        """Find films by title."""
        return self._get(FilmPage, "/movies/search", q=words, page=page)

    def genres(self) -> Genres:
        """Return all genres."""
        return self._get(Genres, "/genres")

    def health(self) -> Health:
        """Return whether the API is alive, and what it serves."""
        return self._get(Health, "/health")

    def release(self) -> ReleaseInfo:
        """Return what is being served."""
        return self._get(ReleaseInfo, "/release")

    def _get(self, shape: type[Shape], path: str, **query: Any) -> Shape:
        given = {name: value for name, value in query.items() if value is not None}
        return _read(shape, self._client.get(path, params=given))

    def _post(self, shape: type[Shape], path: str, body: dict[str, Any]) -> Shape:
        return _read(shape, self._client.post(path, json=body))


def _read(shape: type[Shape], response: httpx.Response) -> Shape:
    if response.status_code != 200:
        raise PlaybillApiError(response)
    return shape.model_validate_json(response.content)


def _joined(values: Sequence[object]) -> str | None:
    return ",".join(str(value) for value in values) or None
