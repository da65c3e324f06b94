"""Everybody's histories, read from the lake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.people.reader import read_people
from warehouse.errors import EmptyLakeError
from warehouse.folder import DataFolder
from warehouse.sums import seal

ROWS = [
    # user, film, stars, second, whether stars were given, sources; in no order
    ("b", 30, 4.0, 50, True, ["movielens"]),
    ("a", 20, 4.5, 90, False, ["events"]),
    ("b", 10, 2.0, 60, True, ["events", "supabase"]),
    ("a", 10, 5.0, 70, True, ["supabase"]),
    ("é", 20, 1.0, 10, True, ["sample"]),
]


def write(folder: DataFolder, rows: list[tuple[str, int, float, int, bool, list[str]]]) -> None:
    types = [pa.string(), pa.int32(), pa.float32(), pa.int64(), pa.bool_(), pa.list_(pa.string())]
    columns = [pa.array([row[i] for row in rows], type=types[i]) for i in range(6)]
    columns[3] = pa.array([row[3] * 1_000_000 for row in rows], type=pa.timestamp("us", tz="UTC"))
    names = ["user_id", "movie_id", "rating", "rated_at", "is_rating", "sources"]
    folder.build.mkdir(parents=True, exist_ok=True)
    # small row groups: people's names are numbered in each anew
    pq.write_table(pa.table(columns, names=names), folder.dataset("interactions"), row_group_size=2)
    seal(folder.build)


def test_histories_by_person_and_time(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    write(folder, ROWS)
    people = read_people(folder)
    assert people.user_ids == ["a", "b", "é"]
    assert people.movie_ids.tolist() == [10, 20, 30]
    assert people.histories.indptr.tolist() == [0, 2, 4, 5]
    assert people.movie_ids[people.histories.item_idx].tolist() == [10, 20, 30, 10, 20]
    assert people.histories.ratings.tolist() == [5.0, 4.5, 4.0, 2.0, 1.0]
    assert people.histories.rated_at.tolist() == [70, 90, 50, 60, 10]
    assert people.sources.to_pylist() == ["supabase", "events", "movielens", "events+supabase", "sample"]
    assert people.is_rating is not None
    assert np.array_equal(people.is_rating, [True, False, True, True, True])


def test_nothing_to_read(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with pytest.raises(EmptyLakeError, match="does not exist"):
        read_people(folder)
    write(folder, [])
    with pytest.raises(EmptyLakeError, match="holds no rating"):
        read_people(folder)
