from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.choice.recipes import make_model
from pipelines.films.films import Films
from pipelines.models.content import ContentConfig, ContentModel
from pipelines.models.ease import EaseModel
from pipelines.models.parts.sharing import fit_all
from pipelines.people.history import Histories


def test_a_member_of_the_hybrid_is_not_fitted_twice(histories: Histories, films: Films) -> None:
    hybrid = HybridModel(HybridConfig(weights={"ease": 1.0, "popularity": 0.5}))
    fitted = dict(fit_all({"ease": EaseModel(), "hybrid": hybrid}, histories, films))
    assert fitted["ease"] is hybrid.members["ease"]
    np.testing.assert_array_equal(fitted["ease"].score(histories), EaseModel().fit(histories, films).score(histories))


def test_another_setting_is_another_model(histories: Histories, films: Films) -> None:
    hybrid = HybridModel(HybridConfig(weights={"ease": 1.0}))
    other = make_model("ease", {"regularization": 7.0})
    fitted = dict(fit_all({"ease": other, "hybrid": hybrid}, histories, films))
    assert fitted["ease"] is other
    assert not np.array_equal(fitted["ease"].score(histories), hybrid.members["ease"].score(histories))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each fit of a content model."""
    made: list[str] = []
    plain = ContentModel._fit

    def noted(self: ContentModel, histories: Histories, films: Films) -> None:
        made.append(self.config.model_dump_json())
        plain(self, histories, films)

    monkeypatch.setattr(ContentModel, "_fit", noted)
    return made


def hybrid_with_content() -> HybridModel:
    return HybridModel(HybridConfig(weights={"content": 1.0, "popularity": 0.5}))


def test_what_reads_no_ratings_is_fitted_once_a_catalogue(histories: Histories, films: Films, fits: list[str]) -> None:
    [(_, first)] = fit_all({"hybrid": hybrid_with_content()}, histories, films)
    fewer = histories.take(np.array([0, 1]))
    [(_, second)] = fit_all({"hybrid": hybrid_with_content()}, fewer, films, ready=[first])
    assert len(fits) == 1
    alone = hybrid_with_content().fit(fewer, films)
    np.testing.assert_array_equal(second.score(histories), alone.score(histories))
    assert second.members["popularity"].score(histories)[0, 4] != first.members["popularity"].score(histories)[0, 4]


def test_another_word_of_a_film_or_another_setting_is_a_fit_of_its_own(
    histories: Histories, films: Films, fits: list[str]
) -> None:
    first = ContentModel().fit(histories, films)
    before = first.catalogue_
    overviews = ["a crew in space", *films.metadata["overview"][1:]]
    other = Films(films.movie_ids, pd.DataFrame({**films.metadata, "overview": overviews}))
    [(_, changed)] = fit_all({"content": ContentModel()}, histories, other, ready=[first])
    assert len(fits) == 2
    assert isinstance(changed, ContentModel)
    assert changed.catalogue_ != before
    dict(fit_all({"content": ContentModel(ContentConfig(neighbours=2))}, histories, other, ready=[changed]))
    assert len(fits) == 3
