"""What the release knows of a person: the history that their list was made from."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from pipelines.lists.stars import predict_stars
from pipelines.people.identity import of_request
from serving.context import context_of
from serving.http.errors import Problem
from serving.http.parameters import MovieId, UserId
from serving.http.render import plain_json
from serving.http.replies import PERSONAL, json_reply, unchanged
from serving.http.schemas import History, PredictedRating
from serving.http.strict import StrictRoute
from serving.routes.documented import SECURED, answers, not_modified
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
    context = context_of(request)
    user = of_request(user_id)
    await context.access.require(request, user)
    snapshot = context.snapshot_for(user)
    same = unchanged(request, snapshot, PERSONAL)
    if same is not None:
        return same
    body = await asyncio.to_thread(_history, snapshot, user, limit, page)
    if body is None:
        raise Problem(404, "there is no such user here")
    return json_reply(body, {**PERSONAL, "ETag": snapshot.etag})


def _history(snapshot: Snapshot, user: str, limit: int, page: int) -> bytes | None:
    stored = snapshot.history_of(user)
    if stored is None:
        return None
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
    context = context_of(request)
    user = of_request(user_id)
    await context.access.require(request, user)
    snapshot = context.snapshot_for(user)
    same = unchanged(request, snapshot, PERSONAL)
    if same is not None:
        return same
    body = await asyncio.to_thread(_predicted, snapshot, user, movie_id)
    return json_reply(body, {**PERSONAL, "ETag": snapshot.etag})


def _predicted(snapshot: Snapshot, user: str, movie_id: int) -> bytes:
    stored = snapshot.history_of(user)
    if stored is None:
        raise Problem(404, "there is no such user here")
    place = int(snapshot.films.places([movie_id])[0])
    if place < 0:
        raise Problem(404, f"no film with a title has the TMDB id {movie_id}")
    if snapshot.stars is None:
        raise Problem(404, "this release predicts no ratings; set PLAYBILL_TRAINING__STARS=true and train and publish")
    found = predict_stars(snapshot.stars, stored.movie_ids, stored.ratings, stored.rated_seconds, movie_id)
    return plain_json({
        "user_id": user, "movie_id": movie_id, "title": snapshot.films.named(place)[1],
        "release_id": snapshot.release_id, **found.to_json(snapshot.manifest["stars"]),
    })  # fmt: skip


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
