"""Lists made from what a request says; nothing of it is kept."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pipelines.people.identity import LONGEST_USER_ID, of_request
from serving.context import context_of
from serving.films import FilmTable
from serving.http.errors import Problem
from serving.http.parameters import ID_LIST, MAX_ID, Filters, Genre, GenresMode, Limit, ids_of
from serving.http.render import is_filled, list_body, plain_json
from serving.http.replies import NOT_KEPT, json_reply
from serving.http.schemas import WishedList
from serving.http.strict import StrictRoute
from serving.lists.making import Rated, stored_rows
from serving.lists.stored import stored_list
from serving.routes.documented import OPTIONAL, answers, example
from serving.snapshot import Snapshot
from serving.words.plan import Piece, Plan
from serving.words.wishes import ModelChoice, Wished, is_read, make

router = APIRouter(tags=["recommend"], route_class=StrictRoute)
ANSWERS = {**example(WishedList), **answers(400, 401, 403, 404, 413, 414, 422, 429, 431, 503)}

MovieNumber = Annotated[int, Field(ge=0, le=MAX_ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Ids = Literal["tmdb", "movielens"]


class GivenRating(BaseModel):
    """A film somebody rated."""

    model_config = ConfigDict(extra="forbid")

    movie_id: MovieNumber
    rating: float = Field(ge=0.5, le=5.0, description="Stars.")
    rated_at: datetime | None = Field(None, description="When; only the order counts, and none is all at once.")


class WishRequest(BaseModel):
    """What to recommend from; everything may be left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"liked": [603, 862], "query": "something dark and slow in space", "limit": 5}]
        },
    )

    user_id: str | None = Field(
        None, min_length=1, max_length=LONGEST_USER_ID, description="Whose ratings to begin with."
    )
    liked: list[MovieNumber] = Field([], max_length=500, description="Films somebody likes; five stars each.")
    ratings: list[GivenRating] = Field([], max_length=2000)
    query: str = Field("", max_length=500, description="In plain words: a mood, a place, a name.")
    genres: list[Name] = Field([], max_length=20, description="Films of all of these.")
    genres_mode: Literal["all", "any"] = Field(
        "all", description="Whether a film has all of the genres or any of them."
    )
    min_rating: float | None = Field(None, ge=0, le=10, description="At least this mean vote on TMDB.")
    year_from: int | None = Field(None, ge=1870, le=2200)
    year_to: int | None = Field(None, ge=1870, le=2200)
    exclude: list[MovieNumber] = Field([], max_length=1000, description="Films to leave out.")
    limit: int = Field(10, ge=1, le=100)
    model: ModelChoice = Field(
        "auto", description="baseline: popular films; cf: from ratings; content: from descriptions; auto: what fits."
    )
    ids: Ids = Field("tmdb", description="What movie ids in this request are; the answer's are TMDB's.")


@router.get(
    "/recommend",
    response_model=WishedList,
    responses=ANSWERS,
    openapi_extra={"security": OPTIONAL},
    summary="A list for a known user, or from liked films",
)
async def recommend(
    request: Request,
    user_id: Annotated[str | None, Query(min_length=1, max_length=LONGEST_USER_ID, examples=["ml_1"])] = None,
    liked: Annotated[str | None, Query(pattern=ID_LIST, description="Film ids, by commas.", examples=["603"])] = None,
    k: Limit = 10,
    query: Annotated[str, Query(max_length=500)] = "",
    genre: Genre = None,
    genres_mode: GenresMode = "all",
    model: ModelChoice = "auto",
    ids: Ids = "tmdb",
) -> Response:
    """Answer as POST /recommend, for clients that can only GET; a user_id that is not known is a 404."""
    numbers = list(ids_of(liked))
    if numbers and max(numbers) > MAX_ID:
        raise Problem(422, f"query.liked: ids go up to {MAX_ID}")
    wish = WishRequest(
        user_id=user_id, liked=numbers, limit=k, query=query, model=model, ids=ids,
        genres=genre.split(",") if genre else [], genres_mode=genres_mode,
    )  # fmt: skip
    return await wished(request, wish)


@router.post(
    "/recommend",
    response_model=WishedList,
    responses=ANSWERS,
    openapi_extra={"security": OPTIONAL},
    summary="A list from likes, ratings and words",
)
async def wished(request: Request, wish: WishRequest) -> Response:
    """Make a list from the request alone, or, with a user_id, on top of that user's ratings.

    Ids that name no film are ignored and listed in the answer. If they are all that the request says, it is a 422.
    """
    context = context_of(request)
    user = of_request(wish.user_id) if wish.user_id is not None else None
    if user is not None:
        await context.access.require(request, user)
    snapshot = context.snapshot()
    context.allow_wish(request)
    given = _Given(snapshot.films, wish)
    if (wish.liked or wish.ratings) and not given.rows and user is None and not wish.query and wish.model != "baseline":
        raise Problem(
            422, f"no film of liked and ratings is in this catalogue: {_named(given.ignored)}; ids are {wish.ids}"
        )
    until = time.monotonic() + context.settings.llm.timeout_seconds
    plan = None
    if context.llm is not None and is_read(wish.query, wish.model):
        plan = await context.llm.read(snapshot.facts, wish.query, until=until)
    if user is not None and not (given.rows or wish.query) and wish.model == "auto":
        picks = await stored_list(snapshot, user, wish.limit, given.filters)
        made, strategy = (None if picks is None else Wished(picks, "cf")), "precomputed"
    else:
        made, strategy = await asyncio.to_thread(_make, snapshot, user, wish, given, plan), "live"
    if made is None:
        raise Problem(404, "there is no such user here")
    if strategy == "live" and made.model == "baseline":
        strategy = "popularity_fallback"
    context.metrics.gave(strategy)
    sentences: dict[int, str] = {}
    if plan is not None and context.llm is not None and context.settings.llm.explanations:
        listed = [snapshot.films.named(place) for place in made.picks.places]
        sentences = await context.llm.explain(wish.query, listed, until=until)
    extra = b',"model":"%b","ignored":%b,"understood":%b,"loosened":%b,"read_by":"%b","explanations":%b' % (
        made.model.encode(), plain_json(given.ignored), _pieces(made.understood), _pieces(made.loosened),
        b"built_in" if plan is None else b"llm",
        plain_json([{"movie_id": movie_id, "text": text} for movie_id, text in sentences.items()]),
    )  # fmt: skip
    body = list_body(
        snapshot, made.picks, user_id=user, strategy=strategy,
        in_genre=bool(wish.genres) and is_filled(made.picks), extra=extra,
    )  # fmt: skip
    return json_reply(body, NOT_KEPT)


class _Given:
    """A request's films in the release's words."""

    def __init__(self, films: FilmTable, wish: WishRequest) -> None:
        stars = dict.fromkeys(wish.liked, (5.0, 0))
        for rating in wish.ratings:
            moment = rating.rated_at
            stars[rating.movie_id] = (rating.rating, _seconds(moment) if moment else 0)
        numbers = list(stars)
        places = films.places(numbers, movielens=wish.ids == "movielens").tolist()
        excluded = films.places(wish.exclude, movielens=wish.ids == "movielens").tolist()
        known = films.films.movie_ids
        self.rows = [
            Rated(int(known[place]), *stars[number])
            for number, place in zip(numbers, places, strict=True)
            if place >= 0
        ]
        unknown = [number for number, place in zip(numbers, places, strict=True) if place < 0]
        unknown += [number for number, place in zip(wish.exclude, excluded, strict=True) if place < 0]
        self.ignored = list(dict.fromkeys(unknown))
        self.filters = Filters(
            tuple(wish.genres), wish.year_from, wish.year_to, wish.min_rating,
            tuple(int(known[place]) for place in excluded if place >= 0), wish.genres_mode == "any",
        )  # fmt: skip


def _named(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")


def _pieces(pieces: tuple[Piece, ...]) -> bytes:
    return plain_json([{"kind": p.kind, "value": p.value, "text": p.text, "negative": p.negative} for p in pieces])


def _seconds(moment: datetime) -> int:
    """Return seconds since 1970-01-01 UTC; a time without a zone is UTC."""
    try:
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (OverflowError, ValueError, OSError):
        return 0


def _make(snapshot: Snapshot, user: str | None, wish: WishRequest, given: _Given, plan: Plan | None) -> Wished | None:
    """Make the list in a thread; None if the user is not known."""
    rows = {row.movie_id: row for row in given.rows}
    if user is not None:
        stored = snapshot.history_of(user)
        if stored is None:
            return None
        now = max(stored.rated_seconds, default=0) + 1
        own = {row.movie_id: row for row in stored_rows(stored)}
        # what the request says without a time was said last
        rows = own | {movie_id: row._replace(rated_seconds=row.rated_seconds or now) for movie_id, row in rows.items()}
    return make(snapshot, list(rows.values()), wish.query, given.filters, wish.limit, wish.model, plan)
