from __future__ import annotations

import pytest

from serving.words.quantities import read_quantities

NEWEST = 2018


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("the 80s", 1980, 1989),
        ("1980s", 1980, 1989),
        ("late 80s", 1987, 1989),
        ("early nineties", 1990, 1993),
        ("the 00s", 2000, 2009),
        ("the 20s", 1920, 1929),
        ("before 1970", None, 1969),
        ("until 1970", None, 1970),
        ("after 1999", 2000, None),
        ("since 1999", 1999, None),
        ("between 1950 and 1960", 1950, 1960),
        ("from 1950 to 1960", 1950, 1960),
        ("from 1994", 1994, 1994),
        ("of 1994", 1994, 1994),
        ("1994", 1994, 1994),
        ("recent", 2014, None),
        ("not older than 2010", 2010, None),
        ("no newer than 2010", None, 2010),
        ("no later than 2010", None, 2010),
    ],
)
def test_years(text: str, low: int | None, high: int | None) -> None:
    (quantity,) = read_quantities(text, NEWEST)
    assert (quantity.piece.kind, quantity.piece.low, quantity.piece.high) == ("years", low, high)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("under 90 minutes", None, 89),
        ("at most 90 min", None, 90),
        ("less than 2 hours", None, 119),
        ("under two hours", None, 119),
        ("less than an hour and a half", None, 89),
        ("no longer than 100 minutes", None, 100),
        ("over 3 hours", 180, None),
        ("longer than 2h 30m", 150, None),
        ("about 2 hours", 110, 130),
    ],
)
def test_lengths(text: str, low: int | None, high: int | None) -> None:
    (quantity,) = read_quantities(text, NEWEST)
    assert (quantity.piece.kind, quantity.piece.low, quantity.piece.high) == ("length", low, high)


@pytest.mark.parametrize("text", ["my 5 year old daughter", "he is 16 years old", "12 angry men", "7 samurai", "90"])
def test_ages_and_other_numbers_are_no_years(text: str) -> None:
    assert read_quantities(text, NEWEST) == []


def test_a_year_and_a_length_are_both_read_where_they_stand() -> None:
    text = "80s comedy under 90 minutes"
    found = [(text[quantity.start : quantity.end], quantity.piece.kind) for quantity in read_quantities(text, NEWEST)]
    assert found == [("80s", "years"), ("under 90 minutes", "length")]
