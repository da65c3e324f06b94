"""Less data on purpose: seeded, logged, and whole below the limit."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from pipelines.films.films import Films
from pipelines.models import bpr, svd
from pipelines.models.bpr import BprConfig, BprModel
from pipelines.models.parts.sampling import latest, sample
from pipelines.models.svd import SvdConfig, SvdModel
from pipelines.people.history import Histories


@pytest.fixture
def histories() -> Histories:
    users, items = np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20)
    return Histories.from_columns(users, items, np.full(200, 4.0), np.arange(200), 21)


def test_below_the_limit_nothing_is_left_out(histories: Histories) -> None:
    assert sample(histories, 200, 1, "bpr") is histories


def test_a_sample_is_seeded_whole_and_told(histories: Histories, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        some = sample(histories, 50, 1, "bpr")
    assert "model.sampled model=bpr ratings=50 of=200 seed=1" in caplog.text
    assert len(some) == 21
    assert len(some.item_idx) == some.indptr[-1] == 50
    pairs = set(zip(some.owner.tolist(), some.item_idx.tolist(), some.rated_at.tolist(), strict=True))
    assert len(pairs) == 50
    assert all(at == 10 * user + item for user, item, at in pairs)
    np.testing.assert_array_equal(some.item_idx, sample(histories, 50, 1, "bpr").item_idx)
    assert not np.array_equal(some.rated_at, sample(histories, 50, 2, "bpr").rated_at)


def test_the_slow_models_train_on_a_sample(
    histories: Histories, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bpr, "MAX_RATINGS", 100)
    monkeypatch.setattr(svd, "MAX_RATINGS", 100)
    with caplog.at_level(logging.WARNING):
        BprModel(BprConfig(factors=2, iterations=2)).fit(histories, Films(np.arange(10)))
        SvdModel(SvdConfig(factors=2, epochs=2)).fit(histories, Films(np.arange(10)))
    assert "model=bpr ratings=100 of=200" in caplog.text
    assert "model=svd ratings=100 of=200" in caplog.text


def test_only_the_latest_ratings_are_kept(histories: Histories) -> None:
    recent = latest(histories, 3)
    assert recent.lengths.tolist() == [3] * 20 + [0]
    assert recent.take([4]).rated_at.tolist() == [47, 48, 49]
    assert latest(histories, 10) is histories
