"""The hand-kept list: read as it stands, or refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.films.overrides import overrides_file, read_overrides
from warehouse.errors import SourceFormatError
from warehouse.folder import DataFolder


def write(tmp_path: Path, text: str) -> DataFolder:
    folder = DataFolder(tmp_path)
    folder.lake.mkdir(parents=True, exist_ok=True)
    overrides_file(folder).write_text(text, encoding="utf-8")
    return folder


def test_no_list_is_an_empty_one(tmp_path: Path) -> None:
    assert read_overrides(DataFolder(tmp_path)).num_rows == 0


def test_rows_with_and_without_a_tmdb_id(tmp_path: Path) -> None:
    folder = write(
        tmp_path, "\ufeffid_space,movielens_id,tmdb_id,note\nml-100k,510,346,Seven Samurai\nmovielens,7,,no\n"
    )
    assert read_overrides(folder).to_pylist() == [
        {"id_space": "ml-100k", "movielens_id": 510, "movie_id": 346},
        {"id_space": "movielens", "movielens_id": 7, "movie_id": None},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("movielens_id,tmdb_id\n1,2\n", "must name the columns id_space"),
        ("id_space,movielens_id,tmdb_id\nmovielens,x,2\n", "line 2: expected"),
        ("id_space,movielens_id,tmdb_id\nmovielens,1,2.5\n", "line 2: expected"),
        ("id_space,movielens_id,tmdb_id\nmovielens\n", "line 2: expected"),
        ("id_space,movielens_id,tmdb_id\nmovielens,1,2\nmovielens,1,3\n", "line 3: movielens 1 stands there twice"),
        ("", "must name the columns"),
    ],
)
def test_a_line_that_is_wrong(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match=words):
        read_overrides(write(tmp_path, text))
