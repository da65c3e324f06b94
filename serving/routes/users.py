"""What the release knows of a person: the history that their list was made from."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from pipelines.lists.stars import predict_stars
from serving.http.errors import Problem
from serving.http.parameters import MovieId, UserId
from serving.http.render import plain_json
from serving.http.schemas import History, PredictedRating
from serving.http.strict import StrictRoute
from serving.routes.documented import SECURED, answers, not_modified
from serving.routes.personal import personal
from serving.snapshot import Snapshot

router = APIRouter(tags=["people"], route_class=StrictRoute)
HistoryPage = Annotated[int, Query(ge=1, le=100_000, description="Page of `limit` ratings, the latest first.")]
HistoryLimit = Annotated[int, Query(ge=1, le=1000, description="How many ratings.")]


@router.get(
    "/users/{user_id}/history",
    response_model=History,
    responses={**not_modified(), **answers(401, 403, 404, 414, 422, 431, 503)},
    openapi_extra={"security": SECURED},
    summary="What somebody's list was made from",
)
async def history(request: Request, user_id: UserId, limit: HistoryLimit = 100, page: HistoryPage = 1) -> Response:
    """Return the ratings of the last release, the latest first; who may read it is as for the list."""
    return await personal(request, user_id, partial(_history, limit=limit, page=page))


def _history(snapshot: Snapshot, user: str, *, limit: int, page: int) -> bytes:
    stored = snapshot.history_of(user)
    if stored is None:
        raise Problem(404, "there is no such user here")
    rows = list(zip(stored.movie_ids, stored.ratings, stored.rated_seconds, stored.sources, strict=True))[::-1]
    shown = rows[(page - 1) * limit : page * limit]
    places = snapshot.films.places([row[0] for row in shown]).tolist()
    ratings = [
        {
            "movie_id": movie_id,
            "title": snapshot.films.named(place)[1] if place >= 0 else None,
            "rating": rating,
            "rated_at": _moment(seconds),
            "source": source,
        }
        for (movie_id, rating, seconds, source), place in zip(shown, places, strict=True)
    ]
    return plain_json({
        "user_id": user, "release_id": snapshot.release_id, "total_ratings": len(rows), "page": page,
        "ratings": ratings,
    })  # fmt: skip


@router.get(
    "/users/{user_id}/rating/{movie_id}",
    response_model=PredictedRating,
    responses={**not_modified(), **answers(401, 403, 404, 414, 422, 431, 503)},
    openapi_extra={"security": SECURED},
    summary="The stars that somebody would give a film",
)
async def rating(request: Request, user_id: UserId, movie_id: MovieId) -> Response:
    """Return SVD's prediction with the error that cross-validation found; who may read it is as for the list."""
    return await personal(request, user_id, partial(_predicted, movie_id=movie_id))


def _predicted(snapshot: Snapshot, user: str, *, movie_id: int) -> bytes:
    stored = snapshot.history_of(user)
    if stored is None:
        raise Problem(404, "there is no such user here")
    place = int(snapshot.films.places([movie_id])[0])
    if place < 0:
        raise Problem(404, f"no film with a title has the TMDB id {movie_id}")
    if snapshot.stars is None:
        raise Problem(404, "this release predicts no ratings; set PLAYBILL_TRAINING__STARS=true and train and publish")
    prediction = predict_stars(snapshot.stars, stored.movie_ids, stored.ratings, stored.rated_seconds, movie_id)
    return plain_json({
        "user_id": user, "movie_id": movie_id, "title": snapshot.films.named(place)[1],
        "release_id": snapshot.release_id, **prediction.to_json(snapshot.manifest["stars"]),
    })  # fmt: skip


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
