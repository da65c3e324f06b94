"""Bad input, each with its one-line error; and the batch that good input becomes."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.sources.movielens.films_text import split_title
from pipelines.sources.movielens.landing import land_movielens
from tests.conftest import RATINGS_HEADER, SetMaker, small_set
from warehouse.errors import SourceFormatError, SourceUnavailableError, TooManyBadRowsError
from warehouse.folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def nothing_landed(folder: DataFolder) -> bool:
    return not any(folder.batches("movielens").glob("*"))


def test_a_set_lands_once_with_every_row(make_set: SetMaker, folder: DataFolder) -> None:
    batch = land_movielens(make_set(), folder)
    assert (batch.dataset, batch.ratings, batch.films, batch.bad_rows, batch.new) == (
        "ml-latest-small",
        960,
        40,
        0,
        True,
    )
    again = land_movielens(make_set(), folder)
    assert (again.batch_id, again.new) == (batch.batch_id, False)
    home = folder.batches("movielens") / batch.batch_id
    assert sorted(path.name for path in home.iterdir()) == [
        "SHA256SUMS",
        "batch.json",
        "films.parquet",
        "links.parquet",
        "ratings.parquet",
        "tags.parquet",
    ]
    film = pq.read_table(home / "films.parquet").to_pylist()[0]
    assert film == {"movielens_id": 1, "title": "The Film 1", "year": 1981, "genres": ["Drama", "Romance"]}
    assert pq.read_table(home / "tags.parquet").to_pylist()[0]["tag"] == "slow, quiet"


def test_a_folder_lands_like_its_zip(folder: DataFolder, tmp_path: Path) -> None:
    home = tmp_path / "my-subset"
    home.mkdir()
    for name, text in small_set().items():
        (home / name).write_text(text, encoding="utf-8")
    batch = land_movielens(home, folder)
    assert (batch.dataset, batch.ratings) == ("movielens-csv", 960)


def test_a_missing_path(folder: DataFolder, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"nothing\.zip does not exist"):
        land_movielens(tmp_path / "nothing.zip", folder)


def test_not_a_zip(folder: DataFolder, tmp_path: Path) -> None:
    path = tmp_path / "page.zip"
    path.write_text("<html>blocked by the proxy</html>")
    with pytest.raises(SourceFormatError, match=r"page\.zip is not a whole zip file"):
        land_movielens(path, folder)


def test_a_truncated_zip(make_set: SetMaker, folder: DataFolder) -> None:
    path = make_set()
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SourceFormatError, match="not a whole zip file"):
        land_movielens(path, folder)
    assert nothing_landed(folder)


def test_a_zip_with_flipped_bytes(make_set: SetMaker, folder: DataFolder) -> None:
    path = make_set()
    content = bytearray(path.read_bytes())
    content[200:230] = b"\0" * 30
    path.write_bytes(bytes(content))
    with pytest.raises(SourceFormatError, match=r"ratings\.csv is damaged"):
        land_movielens(path, folder)
    assert nothing_landed(folder)


def test_the_wrong_set(make_set: SetMaker, folder: DataFolder, tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match=r"is a set like ml-latest-small .* not ml-100k"):
        land_movielens(make_set(), folder, asked="ml-100k")
    other = tmp_path / "photos.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.jpg", "x")
    with pytest.raises(SourceFormatError, match=r"not a MovieLens set: it holds a\.jpg; expected ratings\.csv"):
        land_movielens(other, folder)


@pytest.mark.parametrize("missing", ["ratings_csv", "movies_csv"])
def test_a_missing_file(make_set: SetMaker, folder: DataFolder, missing: str) -> None:
    with pytest.raises(SourceFormatError, match=rf"but no {missing.replace('_', '.')}"):
        land_movielens(make_set(**{missing: None}), folder)


@pytest.mark.parametrize("file", ["ratings", "movies", "links", "tags"])
def test_a_wrong_header(make_set: SetMaker, folder: DataFolder, file: str) -> None:
    text = small_set()[f"{file}.csv"].replace("movieId", "film_id", 1)
    with pytest.raises(SourceFormatError, match=rf'{file}\.csv: line 1: the header is ".*film_id'):
        land_movielens(make_set(**{f"{file}_csv": text}), folder)
    assert nothing_landed(folder)


def test_a_few_bad_rows_are_kept_aside(make_set: SetMaker, folder: DataFolder) -> None:
    lines = small_set()["ratings.csv"].splitlines()
    lines[10] = "1,2,11.5,1000"
    lines[20] = "one,2,4.0,1000"
    batch = land_movielens(make_set(ratings_csv="\n".join(lines) + "\n"), folder)
    assert (batch.ratings, batch.bad_rows) == (958, 2)
    assert batch.reasons == {
        "ratings.csv: rating is outside 0.5-5": 1,
        "ratings.csv: user_id is not a whole number": 1,
    }
    aside = folder.quarantine / batch.batch_id / "ratings.csv"
    found = list(csv.DictReader(aside.read_text(encoding="utf-8").splitlines()))
    assert [(row["line"], row["text"]) for row in found] == [("11", "1,2,11.5,1000"), ("21", "one,2,4.0,1000")]


def test_a_rating_from_the_future_is_kept_aside(make_set: SetMaker, folder: DataFolder) -> None:
    lines = small_set()["ratings.csv"].splitlines()
    lines[10] = "1,2,4.0,4102444800"  # 1 January 2100
    batch = land_movielens(make_set(ratings_csv="\n".join(lines) + "\n"), folder)
    assert batch.reasons == {"ratings.csv: timestamp is in the future": 1}


def test_more_than_one_in_a_hundred_fails_the_run(make_set: SetMaker, folder: DataFolder) -> None:
    lines = small_set()["ratings.csv"].splitlines()
    for line in range(5, 16):
        lines[line] = "1,2,0.0,1000"
    message = (
        r"ratings\.csv: 11 of 960 rows are unusable \(1\.15%, allowed 1\.00%\); first line 6: rating is outside 0\.5-5"
    )
    with pytest.raises(TooManyBadRowsError, match=message) as caught:
        land_movielens(make_set(ratings_csv="\n".join(lines) + "\n"), folder)
    assert "\n" not in str(caught.value)
    assert nothing_landed(folder)
    assert len(list(folder.quarantine.rglob("ratings.csv"))) == 1


def test_no_rating_at_all(make_set: SetMaker, folder: DataFolder) -> None:
    with pytest.raises(SourceFormatError, match="holds no rating"):
        land_movielens(make_set(ratings_csv=RATINGS_HEADER + "\n"), folder)


@pytest.mark.parametrize(
    ("raw", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", 1995),
        ("Godfather, The (1972)", "The Godfather", 1972),
        ("City of Lost Children, The (Cité des enfants perdus, La) (1995)",
         "The City of Lost Children (Cité des enfants perdus, La)", 1995),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura (Adventure, The)", 1960),
        ("Babylon 5", "Babylon 5", None),
        ("Fawlty Towers (1975-1979)", "Fawlty Towers", 1975),
        ("  Tokyo!  (2008) ", "Tokyo!", 2008),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey", 1968),
    ],
)  # fmt: skip
def test_titles(raw: str, title: str, year: int | None) -> None:
    assert split_title(raw) == (title, year)


def test_the_real_small_set(shared_movielens: Path, folder: DataFolder) -> None:
    batch = land_movielens(shared_movielens / "ml-latest-small.zip", folder)
    assert (batch.ratings, batch.films, batch.bad_rows) == (100_836, 9_742, 0)


def test_the_real_100k(shared_movielens: Path, folder: DataFolder) -> None:
    batch = land_movielens(shared_movielens / "ml-100k.zip", folder)
    assert (batch.dataset, batch.ratings, batch.films, batch.bad_rows) == ("ml-100k", 100_000, 1_682, 0)
