from __future__ import annotations

import pytest

from serving.words.facts import Facts
from tests.serving.words.cinema import make_facts


@pytest.fixture(scope="session")
def facts() -> Facts:
    """What wishes ask of sixteen films."""
    return make_facts()
