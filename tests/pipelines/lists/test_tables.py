from __future__ import annotations

import numpy as np

from pipelines.films.films import Films
from pipelines.lists.tables import popular_table
from pipelines.models.popularity import PopularityModel
from pipelines.people.history import Histories


def test_a_genre_that_nobody_rated_has_no_row_and_breaks_nothing() -> None:
    films = Films(np.array([10, 20, 30]))
    histories = Histories.from_columns([0, 1, 0], [0, 0, 1], [4, 5, 3], [1, 2, 3], 2)
    popularity = PopularityModel().fit(histories, films)
    found = popular_table(histories, films, popularity, [["Drama"], ["Drama"], ["War"]]).to_pylist()
    ranked = {(row["scope"], row["rank"]): row["movie_id"] for row in found}
    assert ranked["all", 1] == ranked["genre:Drama", 1] == 10
    assert ranked["all", 2] == ranked["genre:Drama", 2] == 20
    assert not [scope for scope, _ in ranked if scope == "genre:War"]
