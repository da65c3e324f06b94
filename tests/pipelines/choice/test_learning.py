"""A blend is learned from its protocol's validation part alone, and measured with what was learned there."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.choice import learning
from pipelines.choice.evaluation.report import evaluate
from pipelines.choice.evaluation.split import PROTOCOLS, Ratings, make_folds
from pipelines.choice.learning import Learner, draw_ratings
from pipelines.films.films import Films
from pipelines.models.base import Model

CONFIG = HybridConfig(
    weights={"popularity": 1.0, "ease": 0.2},
    channels=("covisitation", "covisitation.last", "ease.likes", "ease.dislikes"),
    members={"ease": {"regularization": 20.0}},
)


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """A hundred and fifty people in three circles, each with 25 films of its own, which they see in turn."""
    rng = np.random.default_rng(0)
    rows = [
        (user, 25 * (user % 3) + (start + film) % 25, at)
        for user, start in enumerate(rng.integers(0, 25, 150).tolist())
        for at, film in enumerate(rng.permutation(15) // 2 * 2 if user % 2 else range(15))
    ]
    rows = list({(user, item): (user, item, at) for user, item, at in rows}.values())
    users, items, times = (np.array(column) for column in zip(*rows, strict=True))
    stars = rng.choice([1.0, 4.0, 4.5, 5.0], len(rows)).astype(np.float32)
    return Ratings(users, items.astype(np.int32), stars, times, 150, 75)


@pytest.fixture(scope="module")
def films() -> Films:
    return Films(np.arange(75), pd.DataFrame({"genres": [["A"], ["B"], ["C"]] * 25}))


def test_weights_are_learned_and_not_learned_again(ratings: Ratings, films: Films) -> None:
    learner = Learner("next", ratings, films)
    learned = learner.learn(HybridModel(CONFIG))
    assert learner.lessons[0].chosen == "learned"
    assert learned.config.weights == learner.lessons[0].weights
    assert learned.config.channels == ()
    speaking = {name.split(".")[0] for name in learned.config.weights}
    assert set(learned.members) == speaking | set(learned.config.alike)
    assert learner.learn(learned) is learned


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_of_the_test_part_is_learned_from(ratings: Ratings, films: Films, protocol: str) -> None:
    (fold, *_) = make_folds(protocol, ratings)
    asked = fold.asked.owner
    keys = np.isin(ratings.user_idx * 75 + ratings.item_idx, fold.users[asked] * 75 + fold.asked.item_idx)
    # what people did in the test part is another film, rated otherwise
    changed = dataclasses.replace(ratings, item_idx=np.where(keys, 74 - ratings.item_idx, ratings.item_idx))
    lessons = []
    for each in (ratings, changed):
        learner = Learner(protocol, each, films)
        learner.learn(HybridModel(CONFIG))
        lessons.append(learner.lessons[0])
    if protocol == "stratified":  # its split is of each film's rows, which are others now
        return
    assert lessons[0] == lessons[1]


def test_every_fold_is_measured_with_its_own_lesson(ratings: Ratings, films: Films) -> None:
    learner, made = Learner("stratified", ratings, films), []

    def learn(model: Model, fold: int) -> Model:
        made.append((fold, learner.learn(model, fold)))
        return made[-1][1]

    found = evaluate({"hybrid": lambda: HybridModel(CONFIG)}, ratings, films, "stratified", learn=learn)
    assert [fold for fold, _ in made] == sorted(learner.lessons) == [0, 1, 2, 3, 4]
    for fold, model in made:
        assert model.config.weights == learner.lessons[fold].weights
        assert model.movie_ids_ is not None
    assert found.results["hybrid"]["ndcg", "all"].value > 0


def test_few_people_are_asked_in_rounds_and_many_once(
    ratings: Ratings, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    learner = Learner("stratified", ratings, films, progress=lines.append)
    learner.learn(HybridModel(CONFIG))
    assert lines == [f"stratified: learning the weights, round {nth} of 4" for nth in (1, 2, 3, 4)]
    lesson = learner.lessons[0]
    rounds = [make_folds("stratified", ratings, "validation", nth=nth)[0] for nth in (1, 2, 3, 4)]
    assert lesson.questions == sum(len(fold.users) for fold in rounds)
    assert lesson.people == len(set(np.concatenate([fold.users for fold in rounds]).tolist()))
    monkeypatch.setattr(learning, "QUESTIONS", len(rounds[0].users))
    lines.clear()
    learner = Learner("stratified", ratings, films, progress=lines.append)
    learner.learn(HybridModel(CONFIG))
    assert lines == ["stratified: learning the weights, round 1 of 1"]
    assert learner.lessons[0].questions == len(rounds[0].users)


def test_of_many_ratings_those_of_some_people_are_learned_from(ratings: Ratings) -> None:
    drawn = draw_ratings(ratings, 500, seed=1)
    assert 400 < len(drawn) <= 500
    assert drawn.n_users == ratings.n_users  # so that tags name the same people
    for user in np.unique(drawn.user_idx).tolist():
        assert drawn.item_idx[drawn.user_idx == user].tolist() == ratings.item_idx[ratings.user_idx == user].tolist()
    assert draw_ratings(ratings, len(ratings), seed=1) is ratings
    assert learning.RATINGS >= 1_000_000
