"""Why a film is not on somebody's list, from the release that holds the list."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from fastapi import APIRouter, Request, Response

from pipelines.lists.why_not import why_not
from pipelines.people.reader import one_person
from serving.http.errors import Problem
from serving.http.parameters import MovieId, UserId
from serving.http.render import plain_json
from serving.http.schemas import WhyNotAnswer
from serving.http.strict import StrictRoute
from serving.routes.documented import SECURED, answers, not_modified
from serving.routes.personal import personal
from serving.snapshot import Snapshot

router = APIRouter(tags=["recommendations"], route_class=StrictRoute)


@router.get(
    "/recommendations/{user_id}/why-not/{movie_id}",
    response_model=WhyNotAnswer,
    responses={**not_modified(), **answers(401, 403, 404, 414, 422, 429, 431, 503)},
    openapi_extra={"security": SECURED},
    summary="Why a film is not on somebody's list",
)
async def why_not_route(request: Request, user_id: UserId, movie_id: MovieId) -> Response:
    """Return a film's place among all films for somebody, its score and each channel's share, or what keeps it out.

    Who may read it is as for the list; it is worked out from the ratings that the list was made from.
    """
    return await personal(request, user_id, partial(_answer, movie_id=movie_id), counted=True)


def _answer(snapshot: Snapshot, user: str, *, movie_id: int) -> bytes:
    stored, listed = snapshot.history_of(user), snapshot.find(user)
    if stored is None or listed is None:
        raise Problem(404, "there is no such user here")
    (place,) = snapshot.films.places([movie_id]).tolist()
    if place < 0:
        known = snapshot.reader.details_of(movie_id) is not None
        untitled = "this film has no title, and what has no title is never recommended"
        raise Problem(404, untitled if known else "there is no such film here")
    person = one_person(stored.movie_ids, stored.ratings, stored.rated_seconds)
    answer = why_not(snapshot.ranker, person, movie_id, length=len(listed.places))
    return plain_json({
        "user_id": user, "movie_id": movie_id, "title": snapshot.films.named(place)[1],
        "release_id": snapshot.release_id, **asdict(answer), "explanation": answer.in_words,
    })  # fmt: skip
