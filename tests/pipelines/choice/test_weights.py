"""A blend's weights follow what its channels know, hold to the shipped ones where people are few, and never lose."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.choice import weights
from pipelines.choice.evaluation.metrics import Values
from pipelines.choice.examples import Examples
from pipelines.choice.weights import FEWEST, climb, learn_weights

N_CANDIDATES = 30
CHANNELS = ("als", "covisitation", "ease.dislikes", "popularity")


def examples(n_people: int, knows: dict[str, float], seed: int = 0) -> Examples:
    """Make people who take the three films that channels know of, each as well as ``knows`` says, in its own way."""
    rng = np.random.default_rng(seed)
    says = rng.standard_normal((n_people * N_CANDIDATES, len(CHANNELS))).astype(np.float32)
    liking = says @ np.array([knows.get(name, 0.0) for name in CHANNELS]) + 0.5 * rng.standard_normal(len(says))
    ranks = liking.reshape(n_people, N_CANDIDATES).argsort(axis=1).argsort(axis=1)
    hits = (ranks >= N_CANDIDATES - 3).ravel()
    indptr = np.arange(n_people + 1, dtype=np.int64) * N_CANDIDATES
    return Examples(CHANNELS, says, indptr, hits, np.full(n_people, 3, dtype=np.int64), np.arange(n_people))


def test_channels_that_know_are_heard_and_the_others_dropped() -> None:
    lesson = learn_weights(examples(800, {"als": 1.0, "covisitation": 0.5}), {"popularity": 1.0, "als": 0.2})
    assert lesson.chosen == "learned"
    assert set(lesson.weights) == {"als", "covisitation"}
    assert lesson.weights["als"] / lesson.weights["covisitation"] == pytest.approx(2, rel=0.25)
    assert sum(lesson.weights.values()) == pytest.approx(1)
    assert lesson.ndcg["learned"] > lesson.ndcg["als"] > lesson.ndcg["shipped"]
    for worth in lesson.worth:
        assert 0 < worth.low < worth.gain < worth.high


def test_dislikes_speak_against_films_or_not_at_all() -> None:
    against = learn_weights(examples(4000, {"als": 1.0, "ease.dislikes": -0.6}), {"als": 1.0})
    assert against.weights["ease.dislikes"] == pytest.approx(-0.6 * against.weights["als"], rel=0.3)
    wrong_way = learn_weights(examples(600, {"als": 1.0, "ease.dislikes": 0.6}), {"als": 1.0})
    assert "ease.dislikes" not in wrong_way.weights


def test_few_people_change_less_than_many_and_a_handful_nothing() -> None:
    knows, shipped = {"als": 1.0, "covisitation": 1.0}, {"als": 1.0}
    start = np.array([1.0, 0, 0, 0])
    few, many = (climb(examples(n, knows), start) for n in (30, 3000))
    assert 0 < few[1] < many[1] == pytest.approx(0.5, abs=0.05)
    lesson = learn_weights(examples(FEWEST - 1, knows), shipped)
    assert (lesson.chosen, lesson.weights) == ("shipped", {"als": 1.0})


@pytest.mark.parametrize("seed", range(4))
def test_it_is_never_worse_than_the_best_channel_or_the_shipped_weights(seed: int) -> None:
    people = examples(150, {"popularity": 0.3}, seed)
    lesson = learn_weights(people, {"als": 0.5, "covisitation": 0.5}, seed)
    weights = np.array([lesson.weights.get(name, 0.0) for name in CHANNELS])
    alone = [people.ndcg(np.eye(len(CHANNELS))[column]).mean() for column in (0, 1, 3)]
    assert people.ndcg(weights).mean() >= max(alone)
    assert lesson.ndcg[lesson.chosen] >= lesson.ndcg["shipped"]


def test_questions_put_to_the_same_people_are_not_more_people(monkeypatch: pytest.MonkeyPatch) -> None:
    once = examples(200, {"als": 1.0, "popularity": 0.4})
    shipped = {"covisitation": 1.0}
    expected = learn_weights(once, shipped)
    learned_from = []

    def climb_and_tell(people: Examples, start: Values) -> Values:
        learned_from.append(np.bincount(people.people, minlength=200))
        return climb(people, start)

    monkeypatch.setattr(weights, "climb", climb_and_tell)
    monkeypatch.setattr(weights, "PRIOR_AGAIN", 2 * weights.PRIOR)  # as strong beside twice the questions
    lesson = learn_weights(Examples.stack([once, once]), shipped)
    assert (lesson.people, lesson.questions) == (200, 400)
    # nobody's second question helps to answer their first one
    assert sorted(int((counts == 2).sum()) for counts in learned_from) == [160] * 5 + [200]
    assert not any((counts == 1).any() for counts in learned_from)
    # and intervals are as wide as people are few
    assert lesson.ndcg == pytest.approx(expected.ndcg, rel=1e-3)
    for one, other in zip(lesson.worth, expected.worth, strict=True):
        assert (one.weight, one.gain, one.low, one.high) == pytest.approx(
            (other.weight, other.gain, other.low, other.high), rel=0.01
        )


def test_the_same_seed_learns_the_same() -> None:
    people = examples(200, {"als": 1.0, "popularity": 0.4})
    assert learn_weights(people, {"als": 1.0}, 5) == learn_weights(people, {"als": 1.0}, 5)
