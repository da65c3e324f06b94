"""Popularity and times that are wrong: a few ratings of the future, or of a night after years, decide nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.films.films import Films
from pipelines.models.popularity import PopularityConfig, PopularityModel
from pipelines.people.history import Histories

DAY = 86_400
YEAR_2099 = 4_070_908_800


@pytest.mark.parametrize("half_life_days", [60.0, 1825.0])
@pytest.mark.parametrize("late", [YEAR_2099, 2_000 * DAY])
def test_a_film_of_the_future_is_not_the_most_popular(half_life_days: float, late: int) -> None:
    # film 0 is rated by 300 people within 60 days, film 1 by one person, later than all
    times = np.append(np.arange(300) * DAY // 5, late)
    films = Films(np.array([10, 20]), pd.DataFrame({"title": ["Long loved", "From the future"]}))
    histories = Histories.from_columns(np.arange(301), np.append(np.zeros(300), 1), np.full(301, 4.0), times, 301)
    scores = PopularityModel(PopularityConfig(half_life_days=half_life_days)).fit(histories, films).scores_
    assert scores[0] > 50 * scores[1]
    # the late rating counts as one of the newest, once: 4 stars at most
    assert scores[1] == pytest.approx(4.0)
