"""The catalogue."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from serving.context import context_of
from serving.errors import Problem
from serving.routes.documented import answers, not_modified
from serving.schemas import MovieDetails, MovieId

router = APIRouter(tags=["films"])


@router.get(
    "/movies/{movie_id}",
    response_model=MovieDetails,
    responses={**not_modified(), **answers(404, 422, 503)},
    summary="A film",
)
async def movie(request: Request, movie_id: MovieId) -> Response:
    """Return all that is known of a film."""
    snapshot = context_of(request).snapshot()
    found = await asyncio.to_thread(snapshot.reader.details_of, movie_id)
    if found is None:
        raise Problem(404, f"no film has the TMDB id {movie_id}")
    return Response(found, media_type="application/json")
