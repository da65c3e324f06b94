"""What people do in an app, for apps that keep no log of their own; only with PLAYBILL_SERVING__FEEDBACK=true."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from pipelines.people.identity import LONGEST_USER_ID, of_log, of_request
from serving.context import context_of
from serving.http.errors import Problem
from serving.http.parameters import MAX_ID
from serving.http.render import plain_json
from serving.http.replies import NOT_KEPT
from serving.http.schemas import Taken
from serving.routes.documented import SECURED, answers

router = APIRouter(tags=["feedback"])


class Event(BaseModel):
    """One thing somebody did with a film."""

    model_config = ConfigDict(extra="forbid")

    movie_id: int = Field(ge=0, le=MAX_ID, description="TMDB id.")
    event: Literal["like", "dislike", "playlist_add", "view", "finish", "skip", "rating"]
    value: float | None = Field(None, ge=0.5, le=5, description="Stars, of a rating.")
    timestamp: datetime | None = Field(None, description="When; now by default. A time without a zone is UTC.")


class FeedbackRequest(BaseModel):
    """Who, and what they did."""

    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[str, Field(min_length=1, max_length=LONGEST_USER_ID)]
    events: list[Event] = Field(min_length=1, max_length=100)


@router.post(
    "/feedback",
    status_code=202,
    response_model=Taken,
    responses=answers(400, 401, 403, 413, 422, 431, 503),
    openapi_extra={"security": SECURED},
    summary="What somebody did",
)
async def feedback(request: Request, given: FeedbackRequest) -> Response:
    """Append events to a log that the next ingest reads; lists change with the next release."""
    context = context_of(request)
    try:
        user = of_log(of_request(given.user_id))
    except ValueError as error:
        raise Problem(422, str(error)) from error
    await context.access.require(request, user)
    log = context.feedback
    if log is None:
        raise Problem(404, "there is no such path")
    await asyncio.to_thread(log.append, [_line(user, event) for event in given.events])
    body = plain_json({"taken": len(given.events)})
    return Response(body, 202, headers=NOT_KEPT, media_type="application/json")


def _line(user: str, event: Event) -> dict[str, object]:
    moment = event.timestamp or datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    line: dict[str, object] = {"user_id": user, "movie_id": event.movie_id, "event": event.event,
                               "timestamp": moment.isoformat()}  # fmt: skip
    return line if event.value is None else {**line, "value": event.value}
