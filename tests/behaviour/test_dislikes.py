"""A dislike never speaks for a film: not in a score, not as a reason, not when nothing else is known of somebody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipelines.blend.catalogue import MODELS
from pipelines.blend.channels import channels_of
from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.blend.one_pass import OnePass
from pipelines.choice.recipes import SHIPPED, make_model
from pipelines.lists.rank import Ranker, recommend
from pipelines.models.base import Model
from pipelines.models.popularity import PopularityModel
from pipelines.models.svd import SvdModel
from pipelines.people.history import Histories
from pipelines.people.reader import People
from tests.behaviour.test_models import PERSONAL, SMALL, crowd
from tests.serving.releases import people_of

READERS = [name for name in PERSONAL if name != SvdModel.name]
"""Models whose histories are weights; SVD reads the stars themselves, high or low."""
HORROR, ROMANCE = range(1000, 1015), range(1015, 1030)
BLENDS: dict[str, dict[str, float]] = {
    "hybrid": {"ease": 1.0, "content": 0.5, "als": 0.2},
    "hybrid with popularity": {"ease": 1.0, "content": 0.5, "popularity": 0.3},
    "hybrid with dislikes": {"ease": 1.0, "popularity": 0.3, "covisitation.dislikes": -0.2},
    "hybrid with svd": {"ease": 1.0, "svd": 0.5},
}


@pytest.fixture(scope="module")
def fitted() -> Iterator[dict[str, Model]]:
    histories, films = crowd()
    models = {
        name: kind(kind.config_class.model_validate(SMALL.get(name, {}))).fit(histories, films)
        for name, kind in MODELS.items()
    }
    for name, weights in BLENDS.items():
        models[name] = HybridModel(HybridConfig(weights=weights, members={"als": {"factors": 6}})).fit(histories, films)
    yield models


@pytest.fixture(scope="module")
def popularity() -> PopularityModel:
    return PopularityModel().fit(*crowd())


def history(*rows: tuple[int, float]) -> People:
    """Return one person's ratings, (film, stars), the oldest first."""
    return people_of({"somebody": [(film, stars, at) for at, (film, stars) in enumerate(rows)]})


def listed(
    model: Model, popularity: PopularityModel, person: People, length: int = 8
) -> tuple[list[int], list[set[int]]]:
    """Return the films of a finished list and what each is put down to."""
    finished = Ranker.of(model, popularity, crowd()[1]).rank(person, length=length, explained=length)
    because = [{reason["movie_id"] for reason in reasons} for reasons in finished.because[0].as_py()]
    return finished.movie_ids.tolist(), because


EVERY = [*PERSONAL, *(name for name in BLENDS if name not in PERSONAL)]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("stars", [0.5, 1.0, 2.0])
def test_a_dislike_is_never_a_reason(
    name: str, stars: float, fitted: dict[str, Model], popularity: PopularityModel
) -> None:
    mixed = history((1016, 5.0), (1001, stars), (1017, 4.0), (1002, stars))
    alone = history((1001, stars), (1002, stars), (1003, stars))
    for person in (mixed, alone):
        films, because = listed(fitted[name], popularity, person)
        assert not set(films) & set(person.movie_ids.tolist()), "what was disliked is still never recommended"
        assert set().union(*because) <= {1016, 1017}


@pytest.mark.parametrize("name", READERS)
def test_a_dislike_adds_nothing_to_any_score(name: str, fitted: dict[str, Model]) -> None:
    others = np.array([film for film in range(30) if film not in (1, 2, 16, 17)])
    with_dislikes = Histories.single([1, 2, 16, 17], [2.0, 0.5, 5.0, 4.0], [1, 2, 3, 4])
    without = Histories.single([16, 17], [5.0, 4.0], [3, 4])
    if name == HybridModel.name:  # its scale leaves out what was rated, so only the order can be the same
        orders = [recommend(fitted[name], rows, 30).item_idx.tolist() for rows in (with_dislikes, without)]
        assert [film for film in orders[0] if film in others] == [film for film in orders[1] if film in others]
    else:
        scores = [fitted[name].score(rows)[0][others] for rows in (with_dislikes, without)]
        np.testing.assert_allclose(scores[0], scores[1], rtol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_dislikes_alone_give_popular_films_away_from_them(
    name: str, fitted: dict[str, Model], popularity: PopularityModel
) -> None:
    reads_words = "content" in (name, *fitted[name].members)
    for others, disliked in ((ROMANCE, HORROR), (HORROR, ROMANCE)):
        person = history(*((film, 1.0) for film in disliked[:3]))
        popular, films = listed(popularity, popularity, person)[0], listed(fitted[name], popularity, person)[0]
        assert len(films) == 8
        assert sum(film in others for film in films) > sum(film in others for film in popular), (popular, films)
        assert sum(film in others for film in films) >= (7 if reads_words else 5), films


def test_the_longer_list_of_somebody_who_only_dislikes_begins_with_the_shorter_one(
    fitted: dict[str, Model], popularity: PopularityModel
) -> None:
    person = history((1001, 1.0), (1002, 0.5))
    lengths = {length: listed(fitted["hybrid"], popularity, person, length)[0] for length in (3, 10, 28)}
    assert lengths[28][:10] == lengths[10]
    assert lengths[10][:3] == lengths[3]
    assert len(set(lengths[28])) == 28


@pytest.mark.parametrize("name", EVERY)
def test_dislikes_of_some_and_likes_of_others_bring_the_others(
    name: str, fitted: dict[str, Model], popularity: PopularityModel
) -> None:
    person = history((1001, 1.0), (1002, 1.0), (1016, 5.0), (1003, 2.0), (1017, 4.5))
    films, _ = listed(fitted[name], popularity, person, 5)
    assert sum(film in ROMANCE for film in films) >= 4, films


def test_svd_never_takes_a_bad_rating_of_a_worse_film_for_praise(fitted: dict[str, Model]) -> None:
    svd = fitted["svd"]
    assert isinstance(svd, SvdModel)
    svd.biases_ = svd.biases_.copy()
    kept, svd.biases_[3] = float(svd.biases_[3]), np.float32(-svd.mean_)  # everybody else hates it more
    try:
        target = svd.signals(Histories.single([3], [2.0], [1]), np.ones(1, np.float32))[1]
    finally:
        svd.biases_[3] = kept
    assert target.tolist() == [0.0]


def test_channels_of_dislikes_make_no_film_a_candidate(fitted: dict[str, Model]) -> None:
    model = fitted["hybrid with dislikes"]
    disliked = Histories.single([1, 2, 3], [1.0, 2.0, 1.5], [1, 2, 3])
    assert np.isneginf(model.score(disliked)).all()
    assert len(recommend(model, disliked, 10).item_idx) == 0
    (batch,) = OnePass(model).batches(disliked)
    assert not batch.candidate.any()


@pytest.mark.parametrize("weights", [{"ease": 1.0, "svd.dislikes": -0.1}, {"als": 1.0, "svd.dislikes": -0.1}])
def test_a_model_that_reads_stars_has_no_channel_of_dislikes(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"svd\.dislikes"):
        HybridConfig(weights=weights)


def test_no_shipped_recipe_reads_a_dislike_but_where_every_rating_counts_alike() -> None:
    rated = Histories.single([0, 1, 2], [2.0, 0.5, 2.5], [1, 2, 3])
    for protocol in (None, "next", "last-out", "temporal", "strong"):
        model = make_model("hybrid", protocol=protocol, folders=SHIPPED)
        for channel in channels_of(model):
            if channel.model.personal and channel.model.name != SvdModel.name:
                weights = channel.weights(rated)
                assert weights[:2].tolist() == [0, 0], (protocol, channel.name)
                assert channel.reading in ("likes", "dislikes") or weights[2] > 0
