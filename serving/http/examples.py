"""Examples for the reference that are real: films, a person and answers of the release that is served."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipelines.people.identity import OF_DATA_SET
from serving.http.parameters import NO_FILTERS
from serving.http.render import film_items, list_body
from serving.lists.everybody import Picks
from serving.lists.making import Rated
from serving.snapshot import Snapshot
from serving.words.wishes import make

SHOWN = 2
"""Films of an example; it shows a shape, not a list."""
LIKED = 2


@dataclass(frozen=True)
class Examples:
    """Real values by a parameter's name, and real answers by the name of their shape."""

    values: Mapping[str, Any]
    answers: Mapping[str, Any]
    bodies: Mapping[str, Any]


NONE = Examples({}, {}, {})


def examples_of(snapshot: Snapshot, *, everybody: bool) -> Examples:
    """Return examples of a release.

    Parameters
    ----------
    everybody : bool
        Whether whoever reads this may read somebody's list: only then is one shown.
    """
    popular = snapshot.popular(LIKED)
    films = [snapshot.films.named(place) for place in popular.places]
    if not films:
        return NONE
    ids = [movie_id for movie_id, _ in films]
    genres = json.loads(b"{%b}" % snapshot.films.cards[popular.places[0]])["genres"]
    # a person of an app is never an example
    people = [user for user in snapshot.reader.people_like(OF_DATA_SET) if not snapshot.forgot(user)]
    user = people[0] if people else None
    values: dict[str, Any] = {"movie_id": ids[0], "liked": ",".join(map(str, ids)), "q": films[0][1][:40]}
    bodies: dict[str, Any] = {"WishRequest": {"liked": ids, "limit": 5}}
    if genres:
        values["genre"] = genres[0]
    if user is not None:
        values["user_id"] = user
        bodies["BatchRequest"] = {"user_ids": people[:SHOWN], "limit": 5}
    answers = {
        "WishedList": _wished(snapshot, ids),
        "FilmPage": _page(snapshot, popular),
        "MovieDetails": json.loads(snapshot.reader.details_of(ids[0]) or b"null"),
    }
    picks = snapshot.find(user, SHOWN) if user is not None and everybody else None
    if picks is not None:
        answers["RecommendationList"] = _list(snapshot, picks, user, "precomputed")
    return Examples(values, {name: answer for name, answer in answers.items() if answer is not None}, bodies)


def with_examples(page: dict[str, Any], examples: Examples) -> dict[str, Any]:
    """Return the OpenAPI page with examples in the place of made-up ones; the page itself is left alone."""
    page = copy.deepcopy(page)
    for methods in page["paths"].values():
        for route in methods.values():
            for parameter in route.get("parameters", ()):
                if parameter["name"] in examples.values:
                    parameter["example"] = examples.values[parameter["name"]]
                    parameter["schema"].pop("examples", None)
            _put(route.get("requestBody", {}), examples.bodies)
            _put(route["responses"].get("200", {}), examples.answers)
    return page


def _put(part: dict[str, Any], known: Mapping[str, Any]) -> None:
    content = part.get("content", {}).get("application/json")
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2] if content else ""
    if content and name in known:
        content["example"] = known[name]


def _wished(snapshot: Snapshot, liked: list[int]) -> Any:
    rows = [Rated(movie_id, 5.0, 0) for movie_id in liked]
    made = make(snapshot, rows, "", NO_FILTERS, SHOWN, "auto", None)
    extra = b',"model":"%b","ignored":[],"understood":[],"loosened":[],"read_by":"built_in","explanations":[]'
    return _list(snapshot, made.picks, None, "live", extra=extra % made.model.encode())


def _list(snapshot: Snapshot, picks: Picks, user: str | None, strategy: str, extra: bytes = b"") -> Any:
    return json.loads(
        list_body(snapshot, picks, user_id=user, strategy=strategy, extra=extra)
    )  # fmt: skip


def _page(snapshot: Snapshot, picks: Picks) -> Any:
    picks = replace(picks, scores=snapshot.chances.of_popular(picks.places))
    everything = len(snapshot.scopes.get("all", picks).places)
    return {
        "release_id": snapshot.release_id, "page": 1, "total_pages": -(-everything // 20),
        "total_results": everything, "results": json.loads(film_items(snapshot.films, picks, first=1)),
    }  # fmt: skip
