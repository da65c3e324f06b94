from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.words.mood import _LEXICON, LONGEST_PHRASE, TOPICS, plain, read_wish


def heard(text: str) -> tuple[list[str], list[str]]:
    wish = read_wish(text)
    signs = {1.0: "", -1.0: "not "}
    return [signs[t.sign] + t.phrase for t in wish.topics], [signs[m.sign] + m.phrase for m in wish.moods]


@pytest.mark.parametrize(
    ("text", "topics", "moods"),
    [
        ("something dark and slow in space", ["space"], ["dark", "slow"]),
        ("feel-good heist", ["heist"], ["feel good"]),
        ("a FEEL GOOD film with Tom Hanks", ["tom hanks"], ["feel good"]),
        ("not scary, funny", [], ["not scary", "funny"]),
        ("a robot without war", ["robot", "not war"], []),
        ("slow burn", [], ["slow burn"]),
        ("Amélie's café", ["amelies cafe"], []),
        ("a film I would like to watch", [], []),
        ("", [], []),
        ("!!! ?", [], []),
        ("not", [], []),
    ],
)
def test_topics_and_moods_are_told_apart(text: str, topics: list[str], moods: list[str]) -> None:
    assert heard(text) == (topics, moods)


def test_what_was_typed_says_more_than_what_it_stands_for() -> None:
    (space,) = read_wish("space").topics
    assert space.words == {"space": 1.0, "spaceship": 0.5, "astronaut": 0.5, "planet": 0.5}
    assert space.likes == ("science fiction",)


def test_the_lexicon_can_be_heard() -> None:
    assert set(_LEXICON) >= TOPICS
    for phrase in _LEXICON:
        assert plain(phrase) == phrase
        assert len(phrase.split()) <= LONGEST_PHRASE
        assert sum(map(len, heard(phrase))) == 1, phrase


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    wish = read_wish(text)
    for part in (*wish.topics, *wish.moods):
        assert part.phrase == plain(part.phrase)
