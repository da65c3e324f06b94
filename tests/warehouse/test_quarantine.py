from __future__ import annotations

import tracemalloc
from pathlib import Path

import pyarrow.csv as pv
import pytest

from warehouse.quarantine import TEXT_CHARACTERS, quarantining


def test_rows_are_written_with_their_reasons_and_counted_past_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "aside" / "log.csv"
    with quarantining(path, kept=2) as aside:
        aside.add("log.jsonl", 7, "not JSON", 'a "quoted"\nline, of two')
        aside.add("log.jsonl", 9, "not JSON", "x" * 10_000)
        aside.add("log.jsonl", 12, "no film", "not written")
    assert (aside.rows, aside.reasons, aside.first) == (3, {"not JSON": 2, "no film": 1}, "line 7: not JSON")
    assert path.read_text().startswith('"file","line","reason","text"\n"log.jsonl",7,"not JSON"')
    rows = pv.read_csv(path, parse_options=pv.ParseOptions(newlines_in_values=True)).to_pylist()
    assert [(row["line"], row["text"]) for row in rows] == [
        (7, 'a "quoted"\nline, of two'),
        (9, "x" * TEXT_CHARACTERS),
    ]


def test_nothing_aside_leaves_no_file_and_neither_does_a_failure(tmp_path: Path) -> None:
    with quarantining(tmp_path / "none.csv", kept=10):
        pass
    with pytest.raises(RuntimeError), quarantining(tmp_path / "failed.csv", kept=10) as aside:
        aside.add("a", 1, "x", "y")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_many_bad_rows_take_no_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    with quarantining(tmp_path / "many.csv", kept=1000) as aside:
        for number in range(200_000):
            aside.add("log", number, f"reason {number}", "z" * 400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
    assert aside.rows == 200_000
    assert len(aside.reasons) == 101
