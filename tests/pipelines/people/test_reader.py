"""Everybody's histories, read from the lake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.films.films import Films
from pipelines.people.reader import read_people
from warehouse.errors import EmptyLakeError
from warehouse.folder import DataFolder
from warehouse.sums import seal

ROWS = [
    # user, film, stars, second, whether stars were given, sources; in no order
    ("b", 30, 4.0, 50, ["movielens"]),
    ("a", 20, 4.5, 90, ["events"]),
    ("b", 10, 2.0, 60, ["events", "supabase"]),
    ("a", 10, 5.0, 70, ["supabase"]),
    ("é", 20, 1.0, 10, ["sample"]),
]


def write(folder: DataFolder, rows: list[tuple[str, int, float, int, list[str]]]) -> None:
    types = [pa.string(), pa.int32(), pa.float32(), pa.int64(), pa.list_(pa.string())]
    columns = [pa.array([row[i] for row in rows], type=types[i]) for i in range(5)]
    columns[3] = pa.array([row[3] * 1_000_000 for row in rows], type=pa.timestamp("us", tz="UTC"))
    names = ["user_id", "movie_id", "rating", "rated_at", "sources"]
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


def test_nothing_to_read(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with pytest.raises(EmptyLakeError, match="does not exist"):
        read_people(folder)
    write(folder, [])
    with pytest.raises(EmptyLakeError, match="holds no rating"):
        read_people(folder)


@pytest.mark.parametrize("in_order", [True, False])
def test_many_people_read_in_pieces_are_grouped_and_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_order: bool
) -> None:
    monkeypatch.setattr("pipelines.people.reader.BATCH_ROWS", 7)
    monkeypatch.setattr("pipelines.people.reader.SORTED_PEOPLE", 3)
    rng = np.random.default_rng(3)
    pairs = [(f"u{user}", int(film)) for user in range(25) for film in np.sort(rng.choice(60, 9, replace=False)) * 3]
    kinds = (["movielens"], ["events", "supabase"], ["events"])
    # a far future and seconds shared by several films: neither may disturb the order
    seconds = rng.choice([-5, 0, 1, 2, 10**11], len(pairs))
    rows = [
        (user, film, float(rng.integers(1, 11)) / 2, int(second), kinds[rng.integers(3)])
        for (user, film), second in zip(pairs, seconds, strict=True)
    ]
    folder = DataFolder(tmp_path)
    rows = sorted(rows) if in_order else [rows[at] for at in rng.permutation(len(rows))]
    write(folder, rows)
    people = read_people(folder)
    expected = sorted(rows, key=lambda row: (row[0], row[3], row[1]))
    found = list(
        zip(
            [people.user_ids[owner] for owner in people.histories.owner],
            people.movie_ids[people.histories.item_idx].tolist(), people.histories.ratings.tolist(),
            people.histories.rated_at.tolist(), people.sources.to_pylist(),
            strict=True,
        )
    )  # fmt: skip
    assert found == [(*row[:4], "+".join(row[4])) for row in expected]
    assert people.user_ids == sorted({row[0] for row in rows})


def test_histories_in_a_models_films_leave_out_the_others_and_share_what_is_the_same(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    write(folder, ROWS)
    people = read_people(folder)
    fewer = people.histories_in(Films(np.array([10, 30])))
    assert fewer.indptr.tolist() == [0, 1, 3, 3]
    assert fewer.item_idx.tolist() == [0, 1, 0]
    assert fewer.rated_at.tolist() == [70, 50, 60]
    more = people.histories_in(Films(np.array([5, 10, 20, 30])))
    assert more.item_idx.tolist() == [1, 2, 3, 1, 2]
    assert np.shares_memory(more.ratings, people.histories.ratings)  # nothing is copied that need not be
