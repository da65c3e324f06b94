"""The table that the slow suites end with."""

from __future__ import annotations

import pytest

from tests import tally


def test_what_gets_through_is_counted_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "_counts", {})
    assert tally.table() == []
    with tally.attempt("kills"):
        pass
    with pytest.raises(AssertionError), tally.attempt("kills"):
        raise AssertionError
    with tally.attempt("disks"):
        pass
    assert [line.split() for line in tally.table()] == [
        ["tries", "survived", "lost"],
        ["disks", "1", "1", "0"],
        ["kills", "2", "1", "1"],
        ["together", "3", "2", "1"],
    ]
