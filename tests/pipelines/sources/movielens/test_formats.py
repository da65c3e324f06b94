"""Every published layout, in small files of its own format, as a zip and as a folder."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.sources.movielens.archive import Archive
from pipelines.sources.movielens.landing import land_links, land_movielens
from pipelines.sources.movielens.layouts import DATASETS, dataset_name, id_space_of, recognise
from warehouse.errors import SourceFormatError
from warehouse.folder import DataFolder

Files = dict[str, str | bytes]

FLAGS = "|".join(["0"] * 18)
ML100K: Files = {
    "u.data": "196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t3\t4\t881250949\n",
    "u.item": (
        f"242|Kolya (1996)|24-Jan-1997||http://us.imdb.com/M/title-exact?Kolya|0|{FLAGS}\n"
        "302|Chambre Verte, La (1978)|01-Jan-1978||http://x|0|0|1|0|0|1|0|0|0|0|0|0|0|0|0|0|0|0|0\n"
        f"3|N\xe9nette et Boni (1996)|01-Jan-1996||http://x|0|{FLAGS}\n"
        f"1412|Land Before Time III (1995) (V)|01-Jan-1995||http://x|0|{FLAGS}\n"
        f"267|unknown||||1|{FLAGS}\n"
    ).encode("iso-8859-1"),
    "u.user": "1|24|M|technician|85711\n",
}
ML1M: Files = {
    "ratings.dat": "1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n",
    "movies.dat": (
        "1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n"
        "661::James and the Giant Peach (1996)::Animation|Children's\n"
        "3::Mis\xe9rables, Les (1995)::Drama|Musical\n"
    ).encode("iso-8859-1"),
    "users.dat": "1::F::1::10::48067\n",
}
ML10M: Files = {
    "ratings.dat": "1::122::5::838985046\n2::151::4.5::868245450\n",
    "movies.dat": "122::Boomerang (1992)::Comedy|Romance\n151::Amélie (2001)::Comedy\n",
    "tags.dat": "15::122::excellent: a::b?::1215184630\n20::151::politics::1188263867\n",
}
CSV: Files = {
    "ratings.csv": "userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n",
    "movies.csv": (
        'movieId,title,genres\n2,"American President, The (1995)",Comedy|Drama\n9,Café (2000),(no genres listed)\n'
    ),
    "links.csv": "movieId,imdbId,tmdbId\n2,0112346,9087\n9,0000009,\n",
    "tags.csv": 'userId,movieId,tag,timestamp\n1,2,"witty, ""smart""",1193435061\n',
    "genome-scores.csv": "movieId,tagId,relevance\n1,1,0.03\n",
}
LAYOUTS: dict[str, tuple[Files, str, int, int]] = {
    "ml-100k": (ML100K, "ml-100k", 3, 5),
    "ml-1m": (ML1M, "ml-1m", 3, 3),
    "ml-10m": (ML10M, "ml-10M100K", 2, 2),
    "ml-20m": (CSV, "ml-20m", 1, 2),
    "ml-25m": (CSV, "ml-25m", 1, 2),
    "ml-32m": (CSV, "ml-32m", 1, 2),
    "ml-latest": (CSV, "ml-latest", 1, 2),
    "ml-latest-small": (CSV, "ml-latest-small", 1, 2),
}


def zipped(home: Path, name: str, inner: str, files: Files) -> Path:
    path = home / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"__MACOSX/{inner}/._ratings.csv", "x")
        for file, content in files.items():
            archive.writestr(f"{inner}/{file}", content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def landed(folder: DataFolder, batch_id: str, name: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(
        folder.batches("movielens") / batch_id / f"{name}.parquet"
    ).to_pylist()
    return rows


def test_every_published_set_is_tried_here() -> None:
    assert set(LAYOUTS) == set(DATASETS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_zip_of_each_set_lands_under_its_name(name: str, folder: DataFolder, tmp_path: Path) -> None:
    files, inner, ratings, films = LAYOUTS[name]
    limit = 0.5 if name == "ml-10m" else 0.0  # one of its two tags has too many fields
    batch = land_movielens(zipped(tmp_path, name, inner, files), folder, asked=name, max_bad_share=limit)
    assert (batch.dataset, batch.ratings, batch.films) == (name, ratings, films)


def test_100k_by_hand(folder: DataFolder, tmp_path: Path) -> None:
    batch = land_movielens(zipped(tmp_path, "x", "ml-100k", ML100K), folder)
    assert batch.dataset == "ml-100k"
    films = {row["movielens_id"]: row for row in landed(folder, batch.batch_id, "films")}
    assert films[302] == {
        "movielens_id": 302,
        "title": "La Chambre Verte",
        "year": 1978,
        "genres": ["Adventure", "Comedy"],
    }
    assert films[3]["title"] == "Nénette et Boni"
    assert (films[1412]["title"], films[1412]["year"]) == ("Land Before Time III", 1995)
    assert (films[267]["title"], films[267]["year"], films[267]["genres"]) == ("unknown", None, [])
    assert landed(folder, batch.batch_id, "ratings")[0] == {
        "user_id": 196, "movielens_id": 242, "rating": 3.0, "timestamp": 881250949,
    }  # fmt: skip


def test_1m_is_latin_1_and_10m_is_utf_8(folder: DataFolder, tmp_path: Path) -> None:
    older = land_movielens(zipped(tmp_path, "ml-1m", "ml-1m", ML1M), folder)
    newer = land_movielens(zipped(tmp_path, "ml-10m", "ml-10M100K", ML10M), folder, max_bad_share=0.5)
    assert landed(folder, older.batch_id, "films")[2]["title"] == "Les Misérables"
    assert landed(folder, newer.batch_id, "films")[1]["title"] == "Amélie"
    assert landed(folder, newer.batch_id, "ratings")[1]["rating"] == 4.5
    assert newer.reasons == {"tags.dat: expected userId, movieId, tag, timestamp": 1}


def test_csv_tags_and_links(folder: DataFolder, tmp_path: Path) -> None:
    batch = land_movielens(zipped(tmp_path, "subset", "mine", CSV), folder)
    assert batch.dataset == "movielens-csv"
    assert landed(folder, batch.batch_id, "tags") == [
        {"user_id": 1, "movielens_id": 2, "tag": 'witty, "smart"', "timestamp": 1193435061}
    ]
    assert landed(folder, batch.batch_id, "links")[1] == {"movielens_id": 9, "imdb_number": 9, "tmdb_id": None}


def test_an_unpacked_zip_is_found_one_folder_down(folder: DataFolder, tmp_path: Path) -> None:
    inner = tmp_path / "unpacked" / "ml-1m"
    inner.mkdir(parents=True)
    for name, content in ML1M.items():
        (inner / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert land_movielens(tmp_path / "unpacked", folder).dataset == "ml-1m"


@pytest.mark.parametrize(
    ("text", "rows", "reasons"),
    [
        ("1,2,3.5,10\r\n1,3,4,11\r\n", 2, {}),
        ("1,2,3.5,10\n\n1,3,4,11", 2, {}),
        ("1,2,3.5,10\n1,3,4\n", 1, {"ratings.csv: expected 4 fields, found 3": 1}),
        ("1,2,3.5,10\n1,3,5.5,11\n", 1, {"ratings.csv: rating is outside 0.5-5": 1}),
        ("1,2,3.5,10\n1,,5,11\n", 1, {"ratings.csv: movielens_id is not a whole number": 1}),
        ('1,2,3.5,10\n"1",3,5,11\n', 1, {"ratings.csv: user_id is not a whole number": 1}),
        ("1,2,3.5,10\n1,3,nan,11\n", 1, {"ratings.csv: rating is outside 0.5-5": 1}),
        ("1,2,3.5,10\n1,3,\xe9,11\n", 1, {"ratings.csv: rating is not a number": 1}),
    ],
)
def test_the_quick_way_and_the_careful_way_agree(
    text: str, rows: int, reasons: dict[str, int], folder: DataFolder, tmp_path: Path
) -> None:
    files: Files = {
        **CSV,
        "ratings.csv": b"userId,movieId,rating,timestamp\n" + text.encode("latin-1"),
    }
    batch = land_movielens(zipped(tmp_path, "s", "s", files), folder, max_bad_share=0.5)
    assert (batch.ratings, batch.reasons) == (rows, reasons)
    assert landed(folder, batch.batch_id, "ratings")[0]["rating"] == 3.5


def test_a_links_set_lands_without_ratings(folder: DataFolder, tmp_path: Path) -> None:
    batch = land_links(zipped(tmp_path, "ml-25m", "ml-25m", CSV), folder)
    home = folder.batches("links") / batch.batch_id
    assert sorted(path.name for path in home.iterdir()) == [
        "SHA256SUMS",
        "batch.json",
        "films.parquet",
        "links.parquet",
    ]
    assert land_links(tmp_path / "ml-25m.zip", folder).new is False
    with pytest.raises(SourceFormatError, match=r"has no links\.csv"):
        land_links(zipped(tmp_path, "ml-1m", "ml-1m", ML1M), folder)


def test_100k_numbers_its_films_for_itself(tmp_path: Path) -> None:
    archive = Archive(zipped(tmp_path, "mine", "mine", ML100K))
    assert id_space_of(dataset_name(archive, recognise(archive), None)) == "ml-100k"
    assert [id_space_of(name) for name in ("ml-1m", "ml-32m", "movielens-csv")] == ["movielens"] * 3


def test_the_real_sets(shared_movielens: Path, folder: DataFolder) -> None:
    small = land_movielens(shared_movielens / "ml-latest-small.zip", folder)
    old = land_movielens(shared_movielens / "ml-100k.zip", folder)
    assert (small.ratings, small.films, small.bad_rows) == (100_836, 9_742, 0)
    assert (old.ratings, old.films, old.bad_rows) == (100_000, 1_682, 0)
