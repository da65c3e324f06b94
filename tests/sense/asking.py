"""How somebody of a taste asks, and the films of the answer."""

from __future__ import annotations

from typing import Any

from tests.sense.catalogue import Film
from tests.sense.tastes import HATED, LOVED, Case, Similar, find
from tests.serving.conftest import Api


def rows_of(catalogue: dict[int, Film], case: Case) -> list[tuple[int, float, int]]:
    """Return a case's ratings, all of one moment."""
    stars = {**dict.fromkeys(case.loved, LOVED), **dict.fromkeys(case.hated, HATED)}
    return [(find(catalogue, title), rating, 0) for title, rating in stars.items()]


def ask(api: Api, catalogue: dict[int, Film], case: Case, limit: int = 10) -> dict[str, Any]:
    """Ask as somebody without an account does: by what they rated."""
    ratings = [{"movie_id": movie_id, "rating": stars} for movie_id, stars, _ in rows_of(catalogue, case)]
    answer = api.post("/recommend", json={"ratings": ratings, "limit": limit})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def films_of(catalogue: dict[int, Film], body: dict[str, Any]) -> list[Film]:
    return [catalogue[item["movie_id"]] for item in body["recommendations"]]


def films_like(api: Api, catalogue: dict[int, Film], case: Similar) -> list[Film]:
    """Return the ten films most like a case's."""
    answer = api.get(f"/movies/{find(catalogue, case.title)}/similar?limit=10").json()
    return [catalogue[item["movie_id"]] for item in answer["results"]]
