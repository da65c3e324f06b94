"""What why-not says agrees with the lists that are stored and with those that are topped up, pair by pair."""

from __future__ import annotations

import json

import numpy as np
import pytest

from flows.main_job import main_job
from flows.parameters import Request
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.settings_sections import TrainingSettings
from tests.flows.conftest import Invoke
from tests.serving.conftest import running, settings_of
from warehouse.query import ask, open_releases

PAIRS = 200


def agree(settings: Settings) -> dict[str, int]:
    """Ask about random pairs, half of them on the list, and compare with the list; count the outcomes."""
    with open_releases(settings.folder) as con:
        lists = dict(ask(con, "SELECT user_id, movie_ids FROM recommendation_lists").rows)
        scores = dict(ask(con, "SELECT user_id, scores FROM recommendation_lists").rows)
        rated = dict(ask(con, "SELECT user_id, movie_ids FROM histories").rows)
        films = [film for (film,) in ask(con, "SELECT movie_id FROM movies WHERE title IS NOT NULL ORDER BY 1").rows]
    rng, people = np.random.default_rng(5), sorted(lists)
    outcomes: dict[str, int] = {}
    with running(settings_of(settings.data_dir)) as api:
        for number in range(PAIRS):
            user = people[int(rng.integers(len(people)))]
            film = int(rng.choice(lists[user] if number % 2 else films))
            answer = api.get(f"/recommendations/{user}/why-not/{film}").json()
            outcomes[answer["outcome"]] = outcomes.get(answer["outcome"], 0) + 1
            place = lists[user].index(film) if film in lists[user] else None
            assert (answer["outcome"] == "listed") == (place is not None), answer
            assert (answer["outcome"] == "rated") == (film in rated[user]), answer
            if place is not None:
                assert (answer["rank"], answer["score"]) == (place + 1, pytest.approx(scores[user][place], abs=1e-6))
            if answer["channels"]:
                assert sum(each["points"] for each in answer["channels"]) == pytest.approx(answer["score"], abs=1e-4)
            longer = api.get(f"/recommendations/{user}?limit=100").json()["recommendations"]
            further = {item["movie_id"]: item for item in longer if item["reason"] != "popular"}
            if answer["outcome"] == "further_down" and film in further:
                assert answer["rank"] == further[film]["rank"]
                outcomes["compared further down"] = outcomes.get("compared further down", 0) + 1
    return outcomes


@pytest.mark.slow
def test_200_random_pairs(published: list[str], run_settings: Settings) -> None:
    outcomes = agree(run_settings)
    assert outcomes["listed"] > 50
    assert outcomes["rated"] > 20


@pytest.mark.slow
def test_200_random_pairs_of_a_hybrid_with_lists_of_twenty(run_settings: Settings) -> None:
    training = TrainingSettings(stars=False, models=("hybrid",), published="hybrid", protocols=("next",))
    lists = run_settings.lists.model_copy(update={"length": 20})
    settings = run_settings.model_copy(update={"training": training, "lists": lists})
    assert main_job(settings, new_run_id(), Request(dataset="sample", enrich=False)).published.model == "hybrid"
    outcomes = agree(settings)
    assert min(outcomes["listed"], outcomes["further_down"]) > 50
    assert outcomes["compared further down"] > 10


def test_the_command_tells_it_in_words(published: list[str], invoke: Invoke, run_settings: Settings) -> None:
    with open_releases(run_settings.folder) as con:
        user, films, rated = ask(
            con,
            "SELECT l.user_id, l.movie_ids, h.movie_ids FROM recommendation_lists l JOIN histories h USING (user_id)",
        ).rows[0]
        title = ask(con, "SELECT title FROM movies WHERE movie_id = ?", [films[2]]).rows[0][0]
    code, text = invoke("why-not", user, title.upper())
    assert code == 0, text
    assert "it is on the list, at place 3" in text
    assert "covisitation" in text
    code, text = invoke("why-not", user, str(rated[0]), "--json")
    assert json.loads(text)["outcome"] == "rated"
    assert "no film 'Nothing of the kind'" in invoke("why-not", user, "Nothing of the kind")[1]
    assert "no ratings of 'nobody'" in invoke("why-not", "nobody", str(films[0]))[1]
