from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from serving.words.names import People, Titles, bayesian_mean

FAME = np.array([0.9, 0.2, 0.5], dtype=np.float32)


@pytest.fixture
def people() -> People:
    directors = pa.array([["Howard Hawks"], ["Ethan Hawke"], []], pa.list_(pa.string()))
    cast = pa.array([["Penélope Cruz", "John Smith"], ["Penélope Cruz", "Jane Smith"], ["Ethan Hawke"]])
    return People(directors, cast, FAME)


def test_a_name_is_found_without_accents_and_case(people: People) -> None:
    assert people.find(["penelope", "cruz"]) == "Penélope Cruz"
    assert people.find(["penelope"]) is None


def test_a_name_is_found_when_a_letter_is_wrong(people: People) -> None:
    assert people.nearly(["penelopee", "cruz"]) == "Penélope Cruz"
    assert people.nearly(["quentin", "tarantino"]) is None


def test_a_surname_is_whose_it_is_far_more_than_anybody_elses(people: People) -> None:
    assert people.by_surname("hawks") == ("Howard Hawks", 1)
    assert people.by_surname("cruz") == ("Penélope Cruz", 2)
    assert people.by_surname("nobody") is None


def test_of_two_with_a_surname_nobody_is_meant_unless_one_is_much_better_known(people: People) -> None:
    # John Smith weighs 0.2 + 0.9, Jane 0.2 + 0.2: more than twice as much
    assert people.by_surname("smith") == ("John Smith", 1)
    cast = pa.array([["John Smith"], [], ["Jane Smith"]], pa.list_(pa.string()))
    alike = People(pa.array([[], [], []], pa.list_(pa.string())), cast, FAME)
    assert alike.by_surname("smith") is None


def test_a_director_and_whoever_is_billed_first_have_the_whole_part(people: People) -> None:
    places, parts = people.films_of("Ethan Hawke")
    assert (places.tolist(), parts.tolist()) == ([1, 2], [1, 1])
    places, parts = people.films_of("John Smith")
    assert (places.tolist(), parts.tolist()) == ([0], pytest.approx([0.88]))
    assert len(people.films_of("Nobody")[0]) == 0


def test_titles_are_found_without_article_accents_and_case() -> None:
    titles = Titles([["The Shining", "Amélie", "Alien"], [None, "Le Fabuleux Destin", None]], FAME)
    assert titles.find(["shining"]) == titles.find(["the", "shining"]) == 0
    assert titles.find(["amelie"]) == titles.find(["le", "fabuleux", "destin"]) == 1
    assert titles.nearly(["shinning"]) == 0
    assert titles.find(["heat"]) is titles.nearly(["heat"]) is None


def test_of_two_films_with_one_title_the_better_known_is_meant() -> None:
    assert (
        Titles([["Solaris", "Solaris", "Solaris"]], np.array([0.1, 0.9, 0.5], dtype=np.float32)).find(["solaris"]) == 1
    )


def test_few_votes_are_drawn_towards_the_mean_of_all() -> None:
    # mean of all (8 * 10 + 5 * 10 + 10 * 1) / 21 = 6.667; weight 10: (80 + 66.67) / 20, (50 + 66.67) / 20, 76.67 / 11
    means = bayesian_mean(np.array([8.0, 5.0, 10.0, np.nan]), np.array([10, 10, 1, 0]))
    assert means.tolist() == pytest.approx([7.3333, 5.8333, 6.9697, 6.6667], abs=1e-3)
    assert bayesian_mean(np.array([np.nan]), np.array([0])).tolist() == [0]
