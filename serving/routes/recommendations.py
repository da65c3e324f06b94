"""Stored lists: the fast path."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from serving.access import canonical
from serving.context import context_of
from serving.render import list_body
from serving.routes.documented import PERSONAL, answers, not_modified
from serving.schemas import Limit, RecommendationList, UserId

router = APIRouter(tags=["recommendations"])


@router.get(
    "/recommendations/{user_id}",
    response_model=RecommendationList,
    responses={**not_modified(), **answers(401, 403, 422, 503)},
    openapi_extra={"security": PERSONAL},
    summary="Somebody's list",
)
async def recommendations(request: Request, user_id: UserId, limit: Limit = 10) -> Response:
    """Return the stored list; somebody unknown gets popular films, with ``fallback_used``."""
    context = context_of(request)
    user = canonical(user_id)
    await context.access.require(request, user)
    snapshot = context.snapshot()
    find = snapshot.lists.find
    picks = find(user, limit) if snapshot.lists.in_memory else await asyncio.to_thread(find, user, limit)
    strategy = "popularity_fallback" if picks is None else "precomputed"
    body = list_body(
        snapshot.films, picks or snapshot.popular(limit), user_id=user, strategy=strategy,
        release_id=snapshot.release_id,
    )  # fmt: skip
    return Response(body, media_type="application/json")
