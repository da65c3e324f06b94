"""The nearest rows of a sparse matrix against a plain sort of all products, ties among them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from pipelines.models.parts import nearest as module
from pipelines.models.parts.nearest import nearest


@pytest.mark.parametrize("count", [0, 1, 7, 40, 300])
def test_the_largest_products_and_of_equals_the_lowest_places(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    # few values, so that most products have equals; some rows empty, some below zero
    rows = sp.csr_matrix((rng.integers(-1, 3, (90, 12)) * (rng.random((90, 12)) < 0.4)).astype(np.float32))
    monkeypatch.setattr(module, "BATCH_CELLS", 90 * 25)  # several batches, the last one shorter
    found = nearest(rows, count)
    products = (rows @ rows.T).toarray()
    expected = np.zeros_like(products)
    for row, values in enumerate(products):
        order = [at for at in np.argsort(-values, kind="stable") if at != row and values[at] > 0][:count]
        expected[row, order] = values[order]
    np.testing.assert_array_equal(found.toarray(), expected)
    assert found.has_sorted_indices
