"""A table elsewhere, read again and again: only what differs lands, and the batches add up to the table."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.people.suppression import user_hash
from warehouse.changes import INCOMING, Changes, batch_folders, land_changes
from warehouse.errors import SourceError

START = datetime(2026, 1, 1, tzinfo=UTC)
Row = tuple[str, int, float, int | None, str | None]


def table(*rows: Row) -> pa.Table:
    """Rows of (user, film, stars, minute or None, row id)."""
    full = [(u, m, r, None if t is None else START + timedelta(minutes=t), i) for u, m, r, t, i in rows]
    columns = list(zip(*full, strict=True)) or [()] * 5
    return pa.table([pa.array(c, type=f.type) for c, f in zip(columns, INCOMING, strict=True)], schema=INCOMING)


def land(
    home: Path, *rows: Row, complete: bool = False, hidden: frozenset[str] = frozenset(), drop: float = 1
) -> Changes:
    return land_changes(table(*rows), home, complete=complete, max_drop_share=drop, suppressed=hidden)


def state(home: Path) -> dict[tuple[str, int], float]:
    found: dict[tuple[str, int], float] = {}
    for batch in batch_folders(home):
        for row in pq.read_table(batch / "ratings.parquet").to_pylist():
            key = (row["user_id"], row["movie_id"])
            found.pop(key, None)
            if not row["deleted"]:
                found[key] = row["rating"]
    return found


def test_only_what_differs_lands(tmp_path: Path) -> None:
    first = land(tmp_path, ("u", 1, 4.0, 0, "1"), ("u", 2, 3.0, 1, "2"), ("v", 1, 5.0, 2, "3"))
    assert (first.fresh, first.changed, first.deleted) == (3, 0, 0)
    assert land(tmp_path, ("u", 2, 3.0, 1, "2"), ("v", 1, 5.0, 2, "3")) == Changes(None, 2, 0, 0, 0)
    third = land(tmp_path, ("u", 2, 1.5, 9, "2"), ("w", 7, 2.0, 9, "4"))
    assert (third.fresh, third.changed, third.batch_id and third.batch_id[:6]) == (1, 1, "000002")
    assert state(tmp_path) == {("u", 1): 4.0, ("u", 2): 1.5, ("v", 1): 5.0, ("w", 7): 2.0}


def test_of_two_rows_for_a_person_and_film_the_latest_counts(tmp_path: Path) -> None:
    land(tmp_path, ("u", 1, 4.0, 5, "9"), ("u", 1, 2.0, 5, "10"), ("u", 1, 1.0, 3, "11"))
    assert state(tmp_path) == {("u", 1): 2.0}  # equal times: the higher key, 10 above 9


def test_a_complete_read_finds_deletions(tmp_path: Path) -> None:
    land(tmp_path, ("u", 1, 4.0, 0, "1"), ("v", 1, 3.0, 0, "2"))
    gone = land(tmp_path, ("u", 1, 4.0, 0, "1"), complete=True)
    assert (gone.deleted, state(tmp_path)) == (1, {("u", 1): 4.0})
    back = land(tmp_path, ("u", 1, 4.0, 0, "1"), ("v", 1, 3.0, 0, "2"), complete=True)
    assert (back.fresh, len(state(tmp_path))) == (1, 2)


def test_a_table_that_is_cut_short_deletes_nothing(tmp_path: Path) -> None:
    land(tmp_path, ("u", 1, 4.0, 0, "1"), ("v", 1, 3.0, 0, "2"), ("w", 1, 3.0, 0, "3"))
    with pytest.raises(SourceError, match="only 1 of the 3 ratings"):
        land(tmp_path, ("u", 1, 4.0, 0, "1"), complete=True, drop=0.5)
    assert len(state(tmp_path)) == 3


def test_a_table_without_times_keeps_the_first_time_it_was_read(tmp_path: Path) -> None:
    land(tmp_path, ("u", 1, 4.0, None, None), complete=True)
    assert land(tmp_path, ("u", 1, 4.0, None, None), complete=True).batch_id is None
    assert land(tmp_path, ("u", 1, 4.5, None, None), complete=True).changed == 1


def test_forgotten_people_do_not_come_back(tmp_path: Path) -> None:
    land(tmp_path, ("u", 1, 4.0, 0, "1"), ("v", 1, 3.0, 0, "2"), hidden=frozenset({user_hash("u")}))
    assert state(tmp_path) == {("v", 1): 3.0}


ROWS = st.dictionaries(
    st.tuples(st.sampled_from("uvw"), st.integers(1, 3)), st.tuples(st.sampled_from([0.5, 3.0, 5.0]), st.integers(0, 3))
)


@given(st.lists(ROWS, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_complete_reads_always_add_up_to_the_table(tables: list[dict[tuple[str, int], tuple[float, int]]]) -> None:
    with tempfile.TemporaryDirectory() as home:
        for rows in tables:
            land(Path(home), *((u, m, stars, t, None) for (u, m), (stars, t) in rows.items()), complete=True)
            assert state(Path(home)) == {key: stars for key, (stars, _) in rows.items()}
