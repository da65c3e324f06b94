"""Routes that refuse a query parameter they do not know: a slip of the pen would otherwise change nothing, silently."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from serving.http.errors import Problem

ALIKE: Mapping[str, tuple[str, ...]] = {
    "limit": ("k", "n", "top_n", "count", "size", "per_page"),
    "k": ("limit", "n", "top_n", "count"),
    "top_n": ("limit", "k", "n"),
    "genre": ("genres", "category"),
    "genres_mode": ("mode",),
    "q": ("query", "search", "title", "text"),
    "query": ("q", "text", "mood", "search"),
    "page": ("offset", "p"),
    "year_from": ("year", "from", "min_year"),
    "year_to": ("to", "max_year"),
    "min_rating": ("rating", "min_vote", "vote_average"),
    "exclude": ("without", "seen"),
    "liked": ("likes", "movie_ids", "ids"),
    "user_id": ("user", "userId", "uid"),
}
"""Names that other APIs have for what is asked here, which no spelling shows to be near."""


class StrictRoute(APIRoute):
    """A route whose query may hold its own parameters and no others."""

    @cached_property
    def query_names(self) -> tuple[str, ...]:
        """The query parameters that the route reads."""
        return tuple(field.alias for field in self.dependant.query_params)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request, after a look at its query's names."""
        answer = super().get_route_handler()

        async def look_then_answer(request: Request) -> Response:
            if request.scope["query_string"]:
                refuse_unknown(request.query_params.keys(), self.query_names)
            return await answer(request)

        return look_then_answer


def refuse_unknown(given: Iterable[str], known: tuple[str, ...]) -> None:
    """Refuse the first name that is not known.

    Raises
    ------
    Problem
        422 with the nearest known name, or all of them.
    """
    for name in given:
        if name not in known:
            what = f"there is no such parameter here; {_advice(name, known)}"
            shown = name[:40]
            raise Problem(422, f"query.{shown}: {what}", extra={"errors": [{"where": f"query.{shown}", "what": what}]})


def _advice(name: str, known: tuple[str, ...]) -> str:
    if not known:
        return "this route takes none"
    alike = [one for one in known if name in ALIKE.get(one, ())]
    near = alike or get_close_matches(name.lower(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
