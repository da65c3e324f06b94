from __future__ import annotations

import numpy as np

from pipelines.blend.hybrid import HybridConfig, HybridModel
from pipelines.choice.recipes import make_model
from pipelines.films.films import Films
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
