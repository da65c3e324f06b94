"""A tiny data set worked by hand: not square, not symmetric, with ties, a cold user and a cold film."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.films.films import Films
from pipelines.people.history import Histories

# (user, item, stars, seconds); user 5 rated nothing, film 6 was rated by nobody
ROWS = [
    (0, 0, 5.0, 100),
    (0, 1, 4.5, 200),
    (0, 2, 4.0, 200),
    (1, 0, 4.0, 150),
    (1, 1, 5.0, 160),
    (1, 5, 1.0, 170),
    (2, 3, 5.0, 100),
    (2, 4, 4.0, 300),
    (3, 3, 4.5, 120),
    (3, 4, 5.0, 130),
    (3, 5, 3.0, 140),
    (4, 0, 3.0, 500),
    (4, 2, 4.0, 400),
]


@pytest.fixture
def histories() -> Histories:
    users, items, stars, seconds = zip(*ROWS, strict=True)
    return Histories.from_columns(users, items, stars, seconds, 6)


@pytest.fixture
def films() -> Films:
    metadata = pd.DataFrame(
        {
            "title": ["Alien", "Aliens", "Blade Runner", "Amélie", "Chocolat", "Cube", "Sunshine"],
            "year": [1979, 1986, 1982, 2001, 2000, 1997, 2007],
            "genres": [["Horror"], ["Action"], ["Sci-Fi"], ["Romance"], ["Romance"], ["Horror"], ["Sci-Fi"]],
            "keywords": [["space"], ["space"], ["android"], ["paris"], ["france"], ["maze"], ["space", "android"]],
            "directors": [["R S"], ["J C"], ["R S"], ["J J"], ["L H"], ["V N"], ["D B"]],
            "cast_names": [["S W"], ["S W"], ["H F"], ["A T"], ["J B"], [], ["C M"]],
            "overview": ["", "", "", "", "", "", None],
        }
    )
    return Films(np.array([11, 12, 13, 20, 21, 30, 40], dtype=np.int64), metadata)
