from __future__ import annotations

import numpy as np
import pytest

from serving.words.answer import answer
from serving.words.children import for_children
from serving.words.conditions import LOOSENED_FIRST, condition_of
from serving.words.facts import Facts
from serving.words.plan import Piece, Plan
from tests.serving.words.cinema import ROWS, ask, titles


def pieces(texts: tuple[Piece, ...]) -> list[str]:
    return [piece.label() for piece in texts]


def met(facts: Facts, piece: Piece) -> set[str]:
    condition = condition_of(facts, piece)
    assert condition is not None
    assert condition.met is not None
    return {str(ROWS[int(movie_id)][0]) for movie_id in facts.films.films.movie_ids[condition.met]}


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (Piece(kind="person", value="Tim Allen"), {"Toy Story", "Galaxy Quest"}),
        (Piece(kind="genre", value="Family"), {"Toy Story", "Spirited Away", "Natty", "Wolfwalkers"}),
        (Piece(kind="years", value="", low=1972, high=1974), {"The Godfather", "Fritz", "Blazing Saddles"}),
        (Piece(kind="length", value="", high=84), {"Toy Story", "Fritz", "The Children"}),
        (Piece(kind="length", value="", low=162), {"The Godfather", "Ran"}),
        (Piece(kind="language", value="japanese"), {"Spirited Away", "Ran"}),
        (Piece(kind="audience", value="children"), {"Toy Story", "Spirited Away", "Wolfwalkers"}),
        (Piece(kind="topic", value="samurai"), {"Ran"}),
    ],
)
def test_a_piece_is_met_by_the_films_that_it_names(piece: Piece, expected: set[str], facts: Facts) -> None:
    assert met(facts, piece) == expected
    if piece.kind != "audience":
        others = {str(row[0]) for row in ROWS.values()} - expected
        assert met(facts, piece.model_copy(update={"negative": True})) == others


def test_a_piece_that_no_film_meets_is_no_condition(facts: Facts) -> None:
    assert condition_of(facts, Piece(kind="person", value="Nobody At All")) is None
    assert condition_of(facts, Piece(kind="topic", value="submarine")) is None
    assert condition_of(facts, Piece(kind="years", value="", low=1900, high=1910)) is None


def test_what_children_may_see_by_genre_and_by_keyword(facts: Facts) -> None:
    passed = {str(ROWS[int(movie_id)][0]) for movie_id in facts.films.films.movie_ids[for_children(facts)]}
    # Fritz is drawn and has a cat, Natty is a family film with one keyword that says otherwise, The Children is horror
    assert passed == {"Toy Story", "Spirited Away", "Wolfwalkers"}


@pytest.mark.parametrize("text", ["for children", "horror for my 5 year old daughter", "a crime film for kids"])
def test_a_childrens_list_is_short_rather_than_filled_with_other_films(text: str, facts: Facts) -> None:
    chosen = ask(facts, text, limit=10)
    assert set(titles(facts, chosen)) == {"Toy Story", "Spirited Away", "Wolfwalkers"}


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("no horror", {"The Shining", "Alien", "The Children"}),
        ("without Tom Hanks", {"Toy Story", "Apollo 13"}),
        ("Tom Hanks but not in space", {"Apollo 13", "Alien", "Galaxy Quest", "2001: A Space Odyssey"}),
        ("something like The Godfather", {"The Godfather"}),
    ],
)
def test_what_is_to_be_kept_out_stays_out_to_the_last_film(text: str, never: set[str], facts: Facts) -> None:
    listed = titles(facts, ask(facts, text, limit=100))
    assert not never & set(listed)
    assert len(listed) == len(ROWS) - len(never)  # the list goes on with what is popular


def test_conditions_are_let_go_one_by_one_the_least_telling_first(facts: Facts) -> None:
    chosen = ask(facts, "80s science fiction under 90 minutes with Sigourney Weaver", limit=9)
    kinds = [piece.kind for piece in chosen.loosened]
    assert kinds == sorted(kinds, key=LOOSENED_FIRST.index)
    assert kinds[0] == "length"
    assert set(titles(facts, chosen)[:2]) == {"Alien", "Galaxy Quest"}
    assert chosen.n_met == 0
    assert "length: at most 89 minutes" not in pieces(chosen.used)


def test_films_that_meet_all_come_before_those_that_meet_some(facts: Facts) -> None:
    chosen = ask(facts, "japanese animation", limit=3)
    assert (chosen.n_met, titles(facts, chosen)[0]) == (1, "Spirited Away")
    assert pieces(chosen.loosened) == ["language: japanese"]
    assert set(titles(facts, chosen)[1:]) <= {"Toy Story", "Wolfwalkers", "Fritz"}
    assert pieces(chosen.used) == ["language: japanese", "genre: Animation"]


def test_nothing_is_loosened_while_enough_films_meet_all(facts: Facts) -> None:
    chosen = ask(facts, "comedy", limit=5)
    assert (chosen.n_met, chosen.n_chosen, chosen.loosened) == (5, 5, ())


def test_scores_fall_from_one_towards_nought_over_every_step(facts: Facts) -> None:
    for text in ("japanese animation", "Tom Hanks in space", "no horror", "comedy under 90 minutes", "asdf", ""):
        scores = ask(facts, text, limit=16).scores
        assert scores == sorted(scores, reverse=True), text
        assert all(0 < score <= 1 for score in scores), text


def test_taste_decides_between_films_that_meet_a_wish_alike(facts: Facts) -> None:
    plan = Plan(pieces=(Piece(kind="genre", value="Comedy"),))
    everything = np.ones(len(facts.films), dtype=bool)
    plain = answer(facts, plan, {}, everything, None, 6)
    taste = np.zeros(len(facts.films), dtype=np.float32)
    least_known = plain.places[-1]
    taste[least_known] = 1
    assert answer(facts, plan, {}, everything, taste, 6).places.index(least_known) < 5


def test_an_answer_changes_nothing_it_was_given(facts: Facts) -> None:
    allowed = np.ones(len(facts.films), dtype=bool)
    answer(facts, facts.reader.read("like The Godfather, no horror"), {}, allowed, None, 5)
    assert allowed.all()
