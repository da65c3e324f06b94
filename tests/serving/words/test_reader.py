from __future__ import annotations

import pytest

from serving.words.facts import Facts

READ = [
    ("Tom Hanks", "person: Tom Hanks"),
    ("tom hanks", "person: Tom Hanks"),
    ("Tom Hankz", "person: Tom Hanks"),
    ("Kubrick", "person: Stanley Kubrick"),
    ("stanly kubrik", "person: Stanley Kubrick"),
    ("films by Hayao Miyazaki", "person: Hayao Miyazaki"),
    ("without Tom Hanks", "not person: Tom Hanks"),
    ("Tom Hanks in space", "person: Tom Hanks; topic: space"),
    ("Tom Hanks but not in space", "person: Tom Hanks; not topic: space"),
    ("The Godfather", "title: the godfather"),
    ("something like the godfather", "title: the godfather"),
    ("Alien but funny", "title: alien; mood: funny"),
    ("2001: A Space Odyssey", "title: 2001 a space odyssey"),
    ("2001", "years: 2001"),
    ("千と千尋の神隠し", "title: 千と千尋の神隠し"),
    ("amelie", "title: amelie"),
    ("sci-fi", "genre: Science Fiction"),
    ("scifi comedy", "genre: Science Fiction; genre: Comedy"),
    ("romantic comedy", "genre: Romance; genre: Comedy"),
    ("no horror", "not genre: Horror"),
    ("I don't want horror", "not genre: Horror"),
    ("no horror or war", "not genre: Horror; not genre: War"),
    ("anything but romance", "not genre: Romance"),
    ("not too scary", "not mood: scary"),
    ("comedy without romance", "genre: Comedy; not genre: Romance"),
    ("80s horror", "years: 1980 to 1989; genre: Horror"),
    ("before 1970", "years: until 1969"),
    ("a comedy under two hours", "genre: Comedy; length: at most 119 minutes"),
    ("french films", "language: french"),
    ("not in english", "not language: english"),
    ("foreign comedy", "not language: english; genre: Comedy"),
    ("anime", "genre: Animation; language: japanese"),
    ("for my 5 year old daughter", "audience: children"),
    ("for my 5 year old daughter about toys", "audience: children; topic: toys"),
    ("for children", "audience: children"),
    ("The Children", "title: the children"),
    ("family movie night", "audience: children"),
    ("a film for my 16 year old son", ""),
    ("date night", "audience: date night"),
    ("feel-good", "mood: feel good"),
    ("films about a hotel in winter", "topic: hotel; topic: winter"),
    ("mafia", "genre: Crime; topic: mafia"),
    ("asdfgh qwerty", ""),
    ("", ""),
    ("?! ...", ""),
    ("'; DROP TABLE movies; --", ""),
    ("\x00\ud800\u202e", ""),
]


@pytest.mark.parametrize(("text", "labels"), READ)
def test_a_text_is_read_piece_by_piece(text: str, labels: str, facts: Facts) -> None:
    assert "; ".join(piece.label() for piece in facts.reader.read(text).pieces) == labels


def test_what_was_typed_is_kept_beside_what_it_means(facts: Facts) -> None:
    (piece,) = facts.reader.read("films of stanly kubrik, please").pieces
    assert (piece.kind, piece.value, piece.text) == ("person", "Stanley Kubrick", "stanly kubrik")


def test_the_same_thing_twice_is_one_piece(facts: Facts) -> None:
    assert len(facts.reader.read("horror horror horror").pieces) == 1


def test_a_long_text_is_read_to_a_bounded_depth(facts: Facts) -> None:
    assert facts.reader.read("word " * 100_000 + "horror").pieces == ()
