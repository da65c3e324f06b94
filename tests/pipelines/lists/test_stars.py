from __future__ import annotations

import numpy as np
import pytest

from pipelines.films.films import Films
from pipelines.lists.stars import predict_stars
from pipelines.models.popularity import PopularityModel
from pipelines.models.svd import SvdConfig, SvdModel
from pipelines.people.history import Histories


@pytest.fixture
def model() -> SvdModel:
    """Films 1, 2 and 3 with biases 0.5, -0.5 and 0 over a mean of 3 stars, and no factors; 3 was never rated."""
    model = SvdModel(SvdConfig(factors=1, bias_ridge=2.0, ridge=1e9))
    model.movie_ids_ = np.array([1, 2, 3])
    model.mean_, model.biases_ = 3.0, np.array([0.5, -0.5, 0.25], dtype=np.float32)
    model.item_factors_ = np.array([[1, 0], [1, 0], [1, 0]], dtype=np.float32)
    model.rated_ = np.array([True, True, False])
    return model


def test_it_is_the_mean_with_the_films_and_the_persons_bias(model: SvdModel) -> None:
    # one rating of film 1, 1.5 above 3 + 0.5: the person's bias is 1.5 / (1 + 2)
    found = predict_stars(model, [1], [5.0], [7], 2)
    assert found.stars == pytest.approx(3 - 0.5 + 0.5)
    assert (found.rated, found.known_film) == (None, True)


def test_a_film_that_was_rated_is_predicted_as_if_it_were_not(model: SvdModel) -> None:
    found = predict_stars(model, [1, 2], [5.0, 1.0], [7, 8], 2)
    assert found.stars == pytest.approx(3.0)
    assert found.rated == 1.0


@pytest.mark.parametrize("film", [3, 99])
def test_of_a_film_that_nobody_rated_the_persons_mean_speaks(model: SvdModel, film: int) -> None:
    found = predict_stars(model, [1], [5.0], [7], film)
    assert found.stars == pytest.approx(3.5)
    assert not found.known_film


def test_films_of_a_history_that_the_model_does_not_know_say_nothing(model: SvdModel) -> None:
    assert predict_stars(model, [98, 99], [5.0, 5.0], [7, 8], 1).stars == pytest.approx(3.5)


def test_a_model_that_only_ranks_predicts_nothing() -> None:
    films = Films(np.array([1, 2]))
    popularity = PopularityModel().fit(Histories.single([0, 1], [5.0, 4.0], [1, 2]), films)
    with pytest.raises(TypeError, match="popularity predicts no ratings"):
        predict_stars(popularity, [1], [5.0], [1], 2)
