"""Titles that are the same film, and titles that only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.films.matching import Candidate, Match, Matcher, TitledFilm, match_all
from pipelines.films.titles import aliases, plain, title_keys


def matched(title: str, year: int | None, *candidates: Candidate) -> tuple[int, str] | tuple[int, ...]:
    found = Matcher(candidates).match(TitledFilm(1, title, year))
    return (found.candidate.tmdb_id, found.method) if isinstance(found, Match) else found


@pytest.mark.parametrize(
    ("title", "year", "other", "other_year", "method"),
    [
        ("Il Postino", 1994, "Postino, Il", 1994, "title"),
        ("Shanghai Triad (Yao a yao yao dao waipo qiao)", 1995, "Shanghai Triad", 1995, "title"),
        ("Les Misérables", 1995, "Les Miserables", 1995, "title"),
        ("Monty Python and the Holy Grail", 1974, "Monty Python and the Holy Grail", 1975, "title±1"),
        ("Seven (Se7en)", 1995, "Se7en", 1995, "alias"),
        ("The Bewitched Man (Bewegte Mann, Der)", 1994, "Der bewegte Mann", 1994, "alias"),
        ("Seven", 1995, "Seven (a.k.a. Se7en)", 1995, "title"),
        ("Oscar & Lucinda", 1997, "Oscar and Lucinda (a.k.a. Oscar & Lucinda)", 1997, "title"),
        ("Alien 3", 1992, "Alien³ (a.k.a. Alien 3)", 1992, "title"),
        ("Evil Dead II", 1987, "Evil Dead 2", 1987, "title"),
        ("Jungle2Jungle", 1997, "Jungle 2 Jungle", 1997, "title"),
        ("8 1/2", 1963, "8½", 1963, "title"),
        ("Robert A. Heinlein's The Puppet Masters", 1994, "The Puppet Masters", 1994, "loose"),
        ("Star Trek: The Wrath of Khan", 1982, "Star Trek II: The Wrath of Khan", 1982, "loose"),
        ("Star Wars", 1977, "Star Wars: Episode IV - A New Hope", 1977, "part"),
        ("The Empire Strikes Back", 1980, "Star Wars: Episode V - The Empire Strikes Back", 1980, "part"),
        ("U.S. Marshalls", 1998, "U.S. Marshals", 1998, "near"),
    ],
)  # fmt: skip
def test_the_same_film(title: str, year: int, other: str, other_year: int, method: str) -> None:
    assert matched(title, year, Candidate(7, (other,), other_year)) == (7, method)


@pytest.mark.parametrize(
    ("title", "year", "other", "other_year"),
    [
        ("The Magnificent Seven", 1954, "The Magnificent Seven", 1960),  # another film of that name
        ("The Wife", 1995, "Jupiter's Wife", 1995),
        ("Gilligan's Island: The Movie", 1998, "Rudolph the Red-Nosed Reindeer: The Movie", 1998),
        ("Les Boys", 1997, "The Boys", 1997),
        ("Johns", 1996, "L.A. Johns", 1996),
        ("Free Willy 2: The Adventure Home", 1995, "Free Willy 3: The Adventure Hole", 1995),
        ("Faust", 1994, "Faust", None),
    ],
)
def test_not_the_same_film(title: str, year: int, other: str, other_year: int | None) -> None:
    assert matched(title, year, Candidate(7, (other,), other_year)) == ()


def test_a_film_without_a_year_is_not_guessed() -> None:
    assert matched("unknown", None, Candidate(7, ("unknown",), 1995)) == ()


def test_two_films_of_one_name_and_year_are_ambiguous() -> None:
    twins = (Candidate(9, ("Emma",), 1996), Candidate(3, ("Emma",), 1996))
    assert matched("Emma", 1996, *twins) == (3, 9)


def test_the_year_decides_between_a_film_and_its_remake() -> None:
    films = (Candidate(1, ("Sabrina",), 1954), Candidate(2, ("Sabrina",), 1955))
    assert matched("Sabrina", 1954, *films) == (1, "title")


def test_a_part_of_a_title_does_not_take_a_film_that_another_one_is() -> None:
    films = [TitledFilm(1, "First Contact", 1996), TitledFilm(2, "Star Trek: First Contact", 1996)]
    pairing = match_all(films, Matcher([Candidate(199, ("Star Trek: First Contact",), 1996)]))
    assert {film: match.candidate.tmdb_id for film, match in pairing.matched.items()} == {2: 199}
    assert pairing.unmatched == (1,)


def test_a_film_that_a_set_holds_twice_is_matched_twice() -> None:
    films = [TitledFilm(1, "Hugo Pool", 1997), TitledFilm(2, "Hugo Pool", 1997)]
    pairing = match_all(films, Matcher([Candidate(5, ("Hugo Pool",), 1997)]))
    assert sorted(pairing.matched) == [1, 2]


def test_two_titles_do_not_share_a_film() -> None:
    films = [TitledFilm(1, "The Promise (Versprechen, Das)", 1994), TitledFilm(2, "La Promesse", 1995)]
    both = Candidate(5, ("The Promise", "La Promesse"), 1995)
    pairing = match_all(films, Matcher([both]))
    assert sorted(pairing.matched) == [2]  # its year is the film's own
    assert pairing.ambiguous == {1: (5,)}


def test_a_film_that_is_held_outside_stays_there() -> None:
    pairing = match_all([TitledFilm(1, "La Promesse", 1996)], Matcher([Candidate(5, ("La Promesse",), 1996)]), {5: "X"})
    assert (pairing.matched, pairing.ambiguous) == ({}, {1: (5,)})


def test_names_in_brackets() -> None:
    assert aliases("Seven (a.k.a. Se7en)") == ("Seven", "Se7en")
    assert aliases("City of Lost Children, The (Cité des enfants perdus, La)") == (
        "The City of Lost Children",
        "La Cité des enfants perdus",
    )
    assert aliases("(500)") == ("500",)


def test_plain_words() -> None:
    assert plain("L'Été à Łódź: Part III!") == "lete a lodz part 3"


@given(st.text(max_size=60))
def test_any_text_has_keys_and_meets_itself(title: str) -> None:
    keys = title_keys(title)
    assert keys.alias <= keys.loose
    if plain(title):
        assert matched(title, 2000, Candidate(1, (title,), 2000)) == (1, "title")
