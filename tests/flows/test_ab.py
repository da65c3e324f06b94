"""A/B offline: two releases against what people liked after both were made; too few people are told, not measured."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from pipelines.settings import Settings
from tests.conftest import SetMaker, small_set
from tests.flows.conftest import Invoke
from tests.flows.test_chain import call
from warehouse.query import ask, open_releases
from warehouse.store import ReleaseStore

pytestmark = pytest.mark.slow


def test_the_release_that_listed_what_people_went_on_to_like_is_better(
    published: list[str], invoke: Invoke, run_settings: Settings, make_set: SetMaker
) -> None:
    first = published[0]
    code, text = invoke("ab", *published)
    assert code == 1
    assert "0 people with a list in both releases have liked a film since" in text
    for words in (("train", "popularity"), ("promote", "--because", "lists that are worse"), ("publish",)):
        call(invoke, *words)
    worse = ReleaseStore(run_settings.folder).current_id()
    lists = []
    for release_id in (first, worse):
        with open_releases(run_settings.folder, release_id) as con:
            lists.append(dict(ask(con, "SELECT user_id, movie_ids[:10] FROM recommendation_lists").rows))
    now = int(datetime.now(UTC).timestamp()) + 5
    # everybody goes on to like the first two films of the first release's list, and not the third; films are
    # MovieLens's plus 500
    more = "".join(
        f"{user[3:]},{film - 500},{stars},{now}\n"
        for user, films in lists[0].items()
        for film, stars in zip(films, (5.0, 4.0, 3.5), strict=False)
    )
    call(invoke, "ingest", "--movielens", str(make_set(ratings_csv=small_set()["ratings.csv"] + more)))
    call(invoke, "build")
    text = call(invoke, "ab", first, worse)
    assert "60 people" in text
    assert f"{first} is better, for certain" in text
    assert "covisitation │ 1.0000" in text  # both liked films are the first two of each list
    # nDCG by hand: two films are liked, so the best that a list can have is 1 + 1 / log2(3)
    gains = [
        sum(1 / np.log2(place + 2) for place, film in enumerate(lists[1][user]) if film in films[:2])
        for user, films in lists[0].items()
    ]
    other = np.mean(gains) / (1 + 1 / np.log2(3))
    assert f"popularity   │ {other:.4f}" in text
    assert f"{1 - other:+.4f}" in text
    assert f"{first} is better, for certain" in call(invoke, "ab", worse, first)
    assert "compared with itself" in invoke("ab", first, first)[1]
