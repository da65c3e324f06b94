"""What people do in an app, for apps that keep no log of their own; only with PLAYBILL_SERVING__FEEDBACK=true."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from pipelines.people.identity import LONGEST_USER_ID, of_log, of_request
from pipelines.sources.events.lines import BadLineError, EventReader
from serving.context import context_of
from serving.http.errors import Problem
from serving.http.parameters import MAX_ID
from serving.http.render import plain_json
from serving.http.replies import NOT_KEPT
from serving.http.schemas import Taken
from serving.http.strict import StrictRoute
from serving.routes.documented import SECURED, answers

router = APIRouter(tags=["feedback"], route_class=StrictRoute)


class Event(BaseModel):
    """One thing somebody did with a film."""

    model_config = ConfigDict(extra="forbid")

    movie_id: int = Field(ge=1, le=MAX_ID, description="TMDB id.")
    event: str = Field(
        max_length=64,
        examples=["like"],
        description="like, dislike, playlist_add, view, finish, skip, rating, or what PLAYBILL_EVENTS__RULES has.",
    )
    value: float | None = Field(None, ge=0.5, le=5, description="Stars; a rating needs them.")
    timestamp: datetime | None = Field(
        None, description="When, not in the future; now by default. A time without a zone is UTC."
    )


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
    """Append events to a log that the next ingest reads; lists change with the next release.

    What is answered with 202 is taken by that ingest: both ask `EventReader`. Of several events all are taken or none.
    """
    context = context_of(request)
    now = datetime.now(UTC)
    try:
        user = of_log(of_request(given.user_id))
    except ValueError as error:
        raise Problem(422, str(error)) from error
    await context.access.require(request, user)
    log = context.feedback
    if log is None:
        raise Problem(404, "there is no such path")
    snapshot = context.snapshots.for_user(user)
    if snapshot is not None and snapshot.forgot(user):
        raise Problem(403, "this person asked to be forgotten; nothing of them is taken")
    served = {} if snapshot is None else {"release_id": snapshot.release_id}
    lines = [{**_line(user, event, now), **served} for event in given.events]
    _check(lines, EventReader(context.settings.events, now))
    await asyncio.to_thread(log.append, lines)
    body = plain_json({"taken": len(given.events)})
    return Response(body, 202, headers=NOT_KEPT, media_type="application/json")


def _line(user: str, event: Event, now: datetime) -> dict[str, object]:
    moment = event.timestamp or now
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    line: dict[str, object] = {"user_id": user, "movie_id": event.movie_id, "event": event.event,
                               "timestamp": moment.isoformat()}  # fmt: skip
    return line if event.value is None else {**line, "value": event.value}


def _check(lines: list[dict[str, object]], reader: EventReader) -> None:
    """Refuse events that the next ingest would not take."""
    for number, line in enumerate(lines, start=1):
        try:
            reader.event(line)
        except BadLineError as error:
            raise Problem(422, f"event {number}: {error}") from error
