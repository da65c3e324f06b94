"""Personal lists: one's stored one, several people's, and one's own at this moment."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pipelines.people.identity import LONGEST_USER_ID, UUID, of_request
from serving.auth.upstream import IssuerUnavailableError
from serving.context import Context, context_of
from serving.http.parameters import (
    NO_FILTERS,
    Exclude,
    Filters,
    Genre,
    GenresMode,
    Limit,
    UserId,
    Vote,
    YearFrom,
    YearTo,
    filters_of,
)  # fmt: skip
from serving.http.render import list_body
from serving.http.replies import NOT_KEPT, PERSONAL, json_reply, unchanged
from serving.http.schemas import Batch, RecommendationList
from serving.http.strict import StrictRoute
from serving.lists.stored import popular_list, stored_list
from serving.routes.documented import OWN, SECURED, answers, example, not_modified
from serving.snapshot import Snapshot

router = APIRouter(tags=["recommendations"], route_class=StrictRoute)
STORED = {**example(RecommendationList), **not_modified(), **answers(401, 403, 414, 422, 429, 431, 503)}

Fresh = Annotated[bool, Query(description="The list of this moment, if the person has rated since the release.")]


class BatchRequest(BaseModel):
    """Whose lists, and how long."""

    model_config = ConfigDict(extra="forbid")

    user_ids: list[Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_USER_ID)]] = Field(
        min_length=1, max_length=100, examples=[["ml_1", "ml_2"]]
    )
    limit: int = Field(10, ge=1, le=100)


@router.get(
    "/recommendations/me",
    response_model=RecommendationList,
    responses={**example(RecommendationList), **answers(401, 414, 422, 429, 431, 503)},
    openapi_extra={"security": OWN},
    summary="One's own list at this moment",
)
async def mine(request: Request, limit: Limit = 10) -> Response:
    """Return the bearer's list: the stored one, or a live one if they have rated since the release was made.

    Under five ratings it is popular films. If Supabase does not answer in time it is the stored list, ``stale``.
    """
    started = time.monotonic()
    context = context_of(request)
    snapshot = context.snapshot()
    seconds = context.settings.serving.live_seconds
    try:
        user = await context.access.subject(request, seconds=seconds)
    except IssuerUnavailableError:
        # nobody can say who this is: what everybody may see, rather than an error in every app while Auth is down
        context.metrics.live_failures.labels("token not verified").inc()
        context.metrics.gave("popularity_fallback")
        body = list_body(
            snapshot, snapshot.popular(limit), user_id=None, strategy="popularity_fallback", stale=True,
        )  # fmt: skip
        return json_reply(body, NOT_KEPT)
    return await _live(request, context.snapshot_for(user), user, limit, NO_FILTERS, started)


@router.get(
    "/recommendations/{user_id}",
    response_model=RecommendationList,
    responses=STORED,
    openapi_extra={"security": SECURED},
    summary="Somebody's list",
)
async def recommendations(
    request: Request, user_id: UserId, limit: Limit = 10, genre: Genre = None, year_from: YearFrom = None,
    year_to: YearTo = None, min_rating: Vote = None, exclude: Exclude = None, genres_mode: GenresMode = "all",
    fresh: Fresh = False,
) -> Response:  # fmt: skip
    """Return the stored list, filtered, topped up from the model when it runs short.

    Somebody unknown gets popular films, with ``fallback_used``. Where ratings are in Supabase, ``outdated`` tells
    whether the person has rated since; ``fresh=true``, or their own token, gives the list of this moment, as
    /recommendations/me does.
    """
    filters = filters_of(genre, year_from, year_to, min_rating, exclude, genres_mode)
    return await _list(request, user_id, limit, filters, fresh=fresh)


async def plain_list(request: Request, user_id: str, limit: int) -> Response:
    """Answer a request that has no filter; what `serving.http.fast` calls."""
    return await _list(request, user_id, limit, NO_FILTERS)


async def _list(request: Request, user_id: str, limit: int, filters: Filters, *, fresh: bool = False) -> Response:
    started = time.monotonic()
    context = context_of(request)
    user = of_request(user_id)
    own = await context.access.require(request, user)
    snapshot = context.snapshot_for(user)
    if own or fresh:
        return await _live(request, snapshot, user, limit, filters, started)
    outdated = await context.looks.outdated(snapshot, user)
    etag = snapshot.outdated_etag if outdated else snapshot.etag
    same = unchanged(request, snapshot, PERSONAL, etag)
    if same is not None:
        return same
    picks = await stored_list(snapshot, user, limit, filters)
    strategy = "precomputed"
    if picks is None:
        picks, strategy = popular_list(snapshot, limit, filters), "popularity_fallback"
    await context.gave(snapshot, user, strategy, picks)
    body = list_body(
        snapshot, picks, user_id=user, strategy=strategy,
        outdated=outdated, in_genre=bool(filters.genres),
    )  # fmt: skip
    return json_reply(body, {**PERSONAL, "ETag": etag})


async def _live(
    request: Request, snapshot: Snapshot, user: str, limit: int, filters: Filters, started: float
) -> Response:
    """Return somebody's list at this moment."""
    context = context_of(request)
    context.allow_live(request, user)
    if UUID.match(user):
        made = await context.live.list_for(snapshot, user, limit, started=started, filters=filters)
    else:  # Supabase keeps no ratings of such a person
        made = replace(await context.live.stored(snapshot, user, limit, filters), outdated=None)
    await context.gave(snapshot, user, made.strategy, made.picks)
    body = list_body(
        snapshot, made.picks, user_id=user, strategy=made.strategy,
        stale=made.stale, outdated=made.outdated, in_genre=bool(filters.genres),
    )  # fmt: skip
    return json_reply(body, NOT_KEPT)


@router.post(
    "/recommendations/batch",
    response_model=Batch,
    responses=answers(400, 401, 403, 413, 422, 431, 503),
    openapi_extra={"security": SECURED},
    summary="Several people's lists",
)
async def batch(request: Request, wanted: BatchRequest) -> Response:
    """Return the stored lists of up to 100 people, in the order asked for."""
    context = context_of(request)
    users = [of_request(user_id) for user_id in wanted.user_ids]
    await context.access.require(request, *users)
    snapshot = context.snapshot()
    bodies = [await _list_of(context, context.snapshot_for(user), user, wanted.limit) for user in users]
    body = b'{"release_id":"%b","lists":[%b]}' % (snapshot.release_id.encode(), b",".join(bodies))
    return json_reply(body, NOT_KEPT)


@router.get(
    "/api/recommendations",
    response_model=RecommendationList,
    responses={**example(RecommendationList), **answers(401, 403, 414, 422, 429, 431, 503)},
    openapi_extra={"security": SECURED},
    summary="An older name of the lists",
    deprecated=True,
    tags=["older names"],
)
async def older_name(
    request: Request,
    user_id: Annotated[str | None, Query(min_length=1, max_length=LONGEST_USER_ID)] = None,
    top_n: Limit = 10,
) -> Response:
    """Answer as /recommendations/{user_id}, or without a user_id as /recommendations/me."""
    if user_id is None:
        return await mine(request, top_n)
    return await recommendations(request, user_id, top_n)


async def _list_of(context: Context, snapshot: Snapshot, user: str, limit: int) -> bytes:
    picks = await stored_list(snapshot, user, limit, NO_FILTERS)
    strategy = "popularity_fallback" if picks is None else "precomputed"
    picks = picks or snapshot.popular(limit)
    await context.gave(snapshot, user, strategy, picks)
    return list_body(
        snapshot, picks, user_id=user, strategy=strategy,
    )  # fmt: skip
