"""An evaluation end to end: figures worked by hand, and leaks that must show."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from pipelines.choice.evaluation import metrics
from pipelines.choice.evaluation.report import Evaluation, evaluate, shuffled
from pipelines.choice.evaluation.segments import film_segments, history_segments, in_segment
from pipelines.choice.evaluation.split import Ratings, make_folds
from pipelines.choice.recipes import make_model
from pipelines.films.films import Films
from pipelines.lists.rank import recommend
from pipelines.models.base import Model, ModelConfig
from pipelines.models.parts.item_side import Neighbours
from pipelines.people.history import FloatArray, Histories
from warehouse.errors import ModelError, NotEnoughDataError


class OracleModel(Model):
    """Scores the films after the last one rated first: right, or nearly, on the set below."""

    name = "oracle"
    config_class = ModelConfig

    def _fit(self, histories: Histories, films: Films) -> None:
        pass

    def _item_side(self) -> Neighbours:
        last = np.arange(self.n_items)[:, None]
        ahead = (np.arange(self.n_items) - last - 1) % self.n_items
        return Neighbours.of(sp.csr_matrix((self.n_items - 1 - ahead).astype(np.float32)))

    def history_weights(self, histories: Histories) -> FloatArray:
        weights = np.zeros(len(histories.item_idx), dtype=np.float32)
        weights[histories.indptr[1:] - 1] = 1
        return weights


def staircase(n_users: int) -> tuple[Ratings, Films]:
    """User u likes films u to u + 4, one after the other, out of a ring of ``n_users`` films."""
    users = np.repeat(np.arange(n_users), 5)
    items = (users + np.tile(np.arange(5), n_users)) % n_users
    times = np.tile(np.arange(5), n_users)
    stars = np.full(len(users), 5.0, np.float32)
    return Ratings(users, items.astype(np.int32), stars, times, n_users, n_users), Films(np.arange(n_users) + 100)


def clusters(n_users: int = 120) -> tuple[Ratings, Films]:
    """Three circles of friends, each with 20 films of its own of which everybody rated twelve, in random order."""
    rng = np.random.default_rng(0)
    rows = [
        (user, 20 * (user % 3) + film, 4.5, second)
        for user in range(n_users)
        for second, film in enumerate(rng.permutation(20)[:12])
    ]
    users, items, stars, times = (np.array(column) for column in zip(*rows, strict=True))
    films = Films(np.arange(60), pd.DataFrame({"genres": [["A"], ["B"], ["C"]] * 20}))
    return Ratings(users, items.astype(np.int32), stars.astype(np.float32), times, n_users, 60), films


def test_figures_by_hand() -> None:
    ratings, films = staircase(29)
    # five people short of 30, so nothing is told, but everything is counted
    few = evaluate({"oracle": OracleModel}, ratings, films, "next")
    told = few.to_json()["models"]["oracle"]
    assert told["n"] == 29
    assert told["ndcg@10"] is None
    assert few.results["oracle"]["ndcg", "all"].value == 1.0
    assert few.results["oracle"]["coverage", "all"].value == 1.0


def test_a_perfect_score_fails() -> None:
    with pytest.raises(ModelError, match="read the test part"):
        evaluate({"oracle": OracleModel}, *staircase(30), "next")


def test_shuffled_labels_fall_to_popularity() -> None:
    ratings, films = clusters()
    (fold,) = make_folds("next", ratings)
    mixed = shuffled(fold)
    figures = {}
    for name in ("als", "popularity"):
        model = make_model(name, {"factors": 8} if name == "als" else {}).fit(fold.train, films)
        top = metrics.lay_out(recommend(model, fold.histories, 10), 10)
        for label, asked in (("true", fold), ("shuffled", mixed)):
            ranked = metrics.find_hits(top, asked.relevant_indptr, asked.relevant_idx, len(films))
            figures[name, label] = float(metrics.ndcg(ranked).mean())
    assert figures["als", "true"] > 2 * figures["popularity", "true"]
    assert figures["als", "shuffled"] < 1.3 * figures["popularity", "shuffled"]
    assert sorted(mixed.relevant_idx) == sorted(fold.relevant_idx)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    ratings, films = clusters()
    lines: list[str] = []
    makers = {"als": lambda: make_model("als", {"factors": 8}), "popularity": lambda: make_model("popularity")}
    found = evaluate(makers, ratings, films, "next", dataset="clusters", progress=lines.append)
    assert lines == [f"next, fold 1 of 1: {what}" for what in ("fitting", "als", "popularity")]
    return found


def test_json_has_the_promised_shape(evaluation: Evaluation) -> None:
    told = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert (told["protocol"], told["dataset"], told["k"]) == ("next", "clusters", 10)
    als = told["models"]["als"]
    assert als["ndcg@10_low"] < als["ndcg@10"] < als["ndcg@10_high"]
    assert {"recall@10", "capped_recall@10", "map@10", "mrr@10", "hit_rate@10", "novelty@10"} <= set(als)
    assert {"coverage@10", "gini@10", "full_list@10", "diversity@10", "n"} <= set(als)
    assert "rmse" not in als


def test_rows_are_flat_and_hide_small_segments(evaluation: Evaluation) -> None:
    rows = evaluation.rows()
    columns = {"model", "protocol", "metric", "k", "segment", "value", "low", "high", "n"}
    assert all(set(row) == columns for row in rows)
    by_key = {(row["model"], row["metric"], row["segment"]): row for row in rows}
    assert len(by_key) == len(rows)
    # everybody has ten ratings of history, so the other segments are empty
    assert by_key["als", "ndcg", "history:6-20"]["n"] == 120
    assert (
        by_key["als", "ndcg", "history:0-5"] | {"value": None, "low": None, "high": None, "n": 0}
        == (by_key["als", "ndcg", "history:0-5"])
    )


def test_models_are_compared_on_the_same_people(evaluation: Evaluation) -> None:
    found = evaluation.compare("als", "popularity")
    difference = evaluation.per_person("als") - evaluation.per_person("popularity")
    assert found.value == pytest.approx(difference.mean())
    assert 0 < found.low < found.value < found.high
    assert found.n == 120


def test_segments_by_hand() -> None:
    people = history_segments(np.array([0, 5, 6, 20, 21, 100, 101, 900]))
    assert {name: flags.nonzero()[0].tolist() for name, flags in people.items()} == {
        "history:0-5": [0, 1],
        "history:6-20": [2, 3],
        "history:21-100": [4, 5],
        "history:101+": [6, 7],
    }
    # 20 ratings: the film with 8 and then the first with 4 reach half
    films = film_segments(np.array([4, 0, 8, 4, 3, 1]))
    assert {name: flags.nonzero()[0].tolist() for name, flags in films.items()} == {
        "film:cold": [1],
        "film:popular": [0, 2],
        "film:tail": [3, 4, 5],
    }
    indptr, items = in_segment(np.array([0, 2, 3]), np.array([0, 1, 4], np.int32), films["film:tail"])
    assert indptr.tolist() == [0, 0, 1]
    assert items.tolist() == [4]


def test_nobody_to_evaluate_is_an_error() -> None:
    ratings, films = staircase(5)
    disliked = dataclasses.replace(ratings, rating=np.full(len(ratings), 1.0, np.float32))
    with pytest.raises(NotEnoughDataError, match="next"):
        evaluate({"oracle": OracleModel}, disliked, films, "next")


def test_no_value_is_nan_in_json() -> None:
    told = evaluate({"oracle": OracleModel}, *staircase(5), "next").to_json()["models"]["oracle"]
    assert not any(isinstance(value, float) and math.isnan(value) for value in told.values())


def test_drawn_people_have_the_figures_they_have_among_all_and_the_draw_is_named() -> None:
    ratings, films = clusters()
    makers = {"popularity": lambda: make_model("popularity")}
    whole = evaluate(makers, ratings, films, "next", seed=5)
    drawn = evaluate(makers, ratings, films, "next", seed=5, max_people=40)
    assert len(drawn.users) == 40
    theirs = np.isin(whole.users, drawn.users)
    np.testing.assert_array_equal(drawn.per_person("popularity"), whole.per_person("popularity")[theirs])
    assert drawn.to_json()["sample"] == {"max_people": 40, "seed": 5}
    assert drawn.to_json()["models"]["popularity"]["n"] == 40
    assert "sample" not in whole.to_json()
    assert "sample" not in evaluate(makers, ratings, films, "next", max_people=len(whole.users) + 1).to_json()
