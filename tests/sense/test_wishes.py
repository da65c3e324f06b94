"""What a film lover would ask, and whether the answer is what they asked for, through HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from serving.words.children import for_children
from tests.sense.catalogue import Film, publish_catalogue, read_catalogue
from tests.sense.wish_cases import CASES, CHILDREN, GROWN_UP, NOT_FOR_CHILDREN
from tests.serving.conftest import Api, running, settings_of

pytestmark = pytest.mark.slow

HOLDING = 0.95


@pytest.fixture(scope="module")
def catalogue() -> dict[int, Film]:
    return read_catalogue()


@pytest.fixture(scope="module")
def cinema(catalogue: dict[int, Film], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API over ml-latest-small's films with TMDB's facts."""
    settings = settings_of(tmp_path_factory.mktemp("cinema"))
    publish_catalogue(settings.folder, catalogue)
    with running(settings) as started:
        yield started


def ask(api: Api, text: str, limit: int = 10) -> dict[str, Any]:
    answer = api.post("/recommend", json={"query": text, "limit": limit})
    assert answer.status_code == 200, (text, answer.text)
    body: dict[str, Any] = answer.json()
    return body


def films_of(catalogue: dict[int, Film], body: dict[str, Any]) -> list[Film]:
    return [catalogue[item["movie_id"]] for item in body["recommendations"]]


def test_nearly_all_wishes_are_met_and_the_strict_ones_always(cinema: Api, catalogue: dict[int, Film]) -> None:
    failed = [case for case in CASES if not case.holds(films_of(catalogue, ask(cinema, case.text)))]
    assert len(CASES) >= 120
    assert [case.text for case in failed if case.strict] == []
    assert len(failed) <= (1 - HOLDING) * len(CASES), [case.text for case in failed]


def test_every_list_of_a_wish_is_full_and_its_scores_fall(cinema: Api) -> None:
    for case in CASES:
        body = ask(cinema, case.text)
        items = body["recommendations"]
        scores = [item["score"] for item in items]
        assert len({item["movie_id"] for item in items}) == 10, case.text
        assert scores == sorted(scores, reverse=True), case.text
        if body["understood"]:
            assert all(0 <= score <= 1 for score in scores), case.text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Tom Hanks", "Tom Hanks"),
        ("Stanley Kubrick", "Stanley Kubrick"),
        ("Hayao Miyazaki", "Hayao Miyazaki"),
        ("Hitchcock", "Alfred Hitchcock"),
        ("Brad Pitt", "Brad Pitt"),
    ],
)
def test_a_name_gives_ten_films_of_theirs(text: str, name: str, cinema: Api, catalogue: dict[int, Film]) -> None:
    assert sum(name in film.people for film in catalogue.values()) >= 10
    assert [name in film.people for film in films_of(catalogue, ask(cinema, text))] == [True] * 10


@pytest.mark.parametrize("text", [case.text for case in CHILDREN])
def test_no_film_of_the_catalogue_that_a_child_is_shown_is_for_others(
    text: str, cinema: Api, catalogue: dict[int, Film]
) -> None:
    shown = films_of(catalogue, ask(cinema, text, limit=100))
    assert [film.title for film in shown if NOT_FOR_CHILDREN(film) or GROWN_UP(film)] == []
    assert [film.title for film in shown if not film.genres & {"Family", "Animation"}] == []


def test_the_rule_for_children_holds_over_the_whole_catalogue(cinema: Api, catalogue: dict[int, Film]) -> None:
    facts = cinema.context.snapshot().facts
    passed = facts.films.films.movie_ids[for_children(facts)].tolist()
    assert len(passed) > 300  # Toy Story, Bambi and their like are not lost
    films = [catalogue[movie_id] for movie_id in passed]
    assert [film.title for film in films if NOT_FOR_CHILDREN(film) or GROWN_UP(film)] == []
    assert [film.title for film in films if not film.genres & {"Family", "Animation"}] == []


@pytest.mark.parametrize("text", ["x" * 1_000_000, "no horror " * 100_000])
def test_a_text_of_a_megabyte_is_refused_and_does_no_harm(text: str, cinema: Api) -> None:
    assert cinema.post("/recommend", json={"query": text}).status_code in (413, 422)
    assert len(ask(cinema, "no horror")["recommendations"]) == 10
