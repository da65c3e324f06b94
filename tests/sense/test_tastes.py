"""What people of many tastes are offered, through HTTP, judged by what is known of the films."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sense.asking import ask, films_like, films_of, rows_of
from tests.sense.catalogue import Film, publish_shipped, read_catalogue
from tests.sense.tastes import (
    MIXED,
    ONE_FILM,
    SIMILAR,
    Case,
    Similar,
    dislikes,
    find,
    likes,
    mean_likeness,
)
from tests.serving.conftest import Api, running, settings_of
from warehouse.db import connect

pytestmark = pytest.mark.slow

CASES = [*likes(), *dislikes(), *MIXED, *ONE_FILM]
WITH_HATED = [case for case in CASES if case.hated]
MORE = 10
"""Popular films beyond the ten, as what is hated is taken out of them."""


@pytest.fixture(scope="session")
def catalogue() -> dict[int, Film]:
    return read_catalogue()


@pytest.fixture(scope="session")
def taste_data(catalogue: dict[int, Film], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of ml-latest-small with TMDB's facts, ranked by what ships; the cases' people have stored lists."""
    data_dir = tmp_path_factory.mktemp("tastes")
    people = {f"ev_{number}": rows_of(catalogue, case) for number, case in enumerate(CASES)}
    publish_shipped(settings_of(data_dir).folder, catalogue, people)
    return data_dir


@pytest.fixture(scope="session")
def taste_api(taste_data: Path) -> Iterator[Api]:
    """The API over that release."""
    with running(settings_of(taste_data)) as started:
        yield started


def because(body: dict[str, Any]) -> list[list[tuple[int, float]]]:
    """Return what each film is put down to: films and their shares to three digits."""
    return [
        [(reason["movie_id"], round(reason["share"], 3)) for reason in item["because"] or ()]
        for item in body["recommendations"]
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_list_is_what_the_taste_asks_for(case: Case, taste_api: Api, catalogue: dict[int, Film]) -> None:
    films = films_of(catalogue, ask(taste_api, catalogue, case))
    assert len({film.movie_id for film in films}) == 10
    for wanted, test, said in case.at_least:
        assert sum(map(test, films)) >= wanted, (said, [film.title for film in films])
    for allowed, test, said in case.at_most:
        assert sum(map(test, films)) <= allowed, (said, [film.title for film in films])


@pytest.mark.parametrize("case", WITH_HATED, ids=lambda case: case.name)
def test_what_is_hated_is_kept_away_from(case: Case, taste_api: Api, catalogue: dict[int, Film]) -> None:
    body = ask(taste_api, catalogue, case)
    films, hated = films_of(catalogue, body), [catalogue[find(catalogue, title)] for title in case.hated]
    away = {film.movie_id for film in hated}
    popular = [
        catalogue[item["movie_id"]]
        for item in taste_api.post("/recommend", json={"model": "baseline", "limit": 10 + MORE}).json()[
            "recommendations"
        ]
        if item["movie_id"] not in away
    ][:10]
    assert not away & {film.movie_id for film in films}
    assert not [
        item for item in body["recommendations"] for reason in item["because"] or () if reason["movie_id"] in away
    ]
    if {film.movie_id for film in films} != {film.movie_id for film in popular}:
        assert mean_likeness(films, hated) < mean_likeness(popular, hated), [film.title for film in films]
    else:  # nothing to keep away from: not one of ten popular films is of the kind
        assert not any(test(film) for film in popular for _, test, _ in case.at_most)


def test_the_stored_list_is_the_one_made_on_the_spot(taste_api: Api, catalogue: dict[int, Film]) -> None:
    for number, case in enumerate(CASES):
        stored = taste_api.get(f"/recommendations/ev_{number}").json()
        live = ask(taste_api, catalogue, case)
        assert films_of(catalogue, stored) == films_of(catalogue, live), case.name
        assert because(stored) == because(live), case.name


def test_liked_as_a_guest_says_it_is_what_five_stars_say(taste_api: Api, catalogue: dict[int, Film]) -> None:
    for case in ONE_FILM:
        film = find(catalogue, case.loved[0])
        guest = taste_api.get(f"/recommend?liked={film}&k=10").json()
        assert films_of(catalogue, guest) == films_of(catalogue, ask(taste_api, catalogue, case)), case.name


def test_no_reason_of_the_release_cites_a_dislike_and_all_are_shares(taste_data: Path) -> None:
    (file,) = taste_data.glob("releases/2*/release.duckdb")
    with connect(file, read_only=True) as con:
        reasons, disliked, most = con.execute(
            """WITH listed AS (SELECT user_id, unnest(because) AS reasons FROM recommendation_lists),
            cited AS (SELECT user_id, unnest(reasons).movie_id AS movie_id FROM listed),
            rated AS (SELECT user_id, unnest(movie_ids) AS movie_id, unnest(ratings) AS rating FROM histories)
            SELECT count(*), count(*) FILTER (rating <= 2),
                (SELECT max(list_sum([reason.share FOR reason IN reasons])) FROM listed)
            FROM cited INNER JOIN rated USING (user_id, movie_id)"""
        ).fetchall()[0]
    assert reasons > 10_000
    assert disliked == 0
    assert most <= 1.0001


@pytest.mark.parametrize("case", SIMILAR, ids=lambda case: case.title[0])
def test_similar_films_are_of_the_kind(case: Similar, taste_api: Api, catalogue: dict[int, Film]) -> None:
    films = films_like(taste_api, catalogue, case)
    titles = {film.title.split(" (")[0] for film in films}
    assert len(films) == 10
    assert sum(map(case.kind, films)) >= case.wanted, (case.said, sorted(titles))
    assert set(case.among) <= titles
    assert not set(case.never) & titles
