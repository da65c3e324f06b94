"""Kernels: what they may ask of the processor changes no number."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from pipelines.models.parts.compiled import LINE, compiled, prefetch


@partial(compiled, arguments="f8:1 f8:1!")
def double(values: Any, found: Any) -> None:
    for at in range(len(values)):
        if at + LINE < len(values):
            prefetch(values, at + LINE)
        found[at] = 2 * values[at]


def test_what_is_fetched_ahead_is_what_would_be_read() -> None:
    values, found = np.arange(1_000.0), np.empty(1_000)
    double(values, found)
    np.testing.assert_array_equal(found, 2 * values)


def test_only_kernels_fetch_ahead() -> None:
    with pytest.raises(NotImplementedError, match="compiled code"):
        prefetch(np.zeros(1), 0)
