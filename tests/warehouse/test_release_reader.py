from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.serving.conftest import settings_of
from tests.serving.releases import ALIEN, ALIENS, FILMS, PEOPLE, SOLARIS, publish_release
from warehouse.errors import BrokenReleaseError
from warehouse.release_reader import ReleaseReader
from warehouse.store import ReleaseStore


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = settings_of(tmp_path_factory.mktemp("reader")).folder
    publish_release(folder)
    return ReleaseStore(folder).current().database


@pytest.fixture
def reader(database: Path) -> ReleaseReader:
    return ReleaseReader(database, poster_base_url="https://posters.example")


def test_films_come_in_order_with_their_card(reader: ReleaseReader) -> None:
    films = reader.films()
    assert films["movie_id"].to_pylist() == sorted(film[0] for film in FILMS)
    card = films["card"][0].as_py().decode()
    assert card.startswith('{"movie_id":11,"title":"Alien","year":1979,')
    assert '"poster_url":"https://posters.example/11.jpg"' in card
    assert films["reason"][0].as_py() == b'{"movie_id":11,"title":"Alien"}'


def test_lists_and_one_list_agree(reader: ReleaseReader) -> None:
    assert reader.size_of_lists() == (5, 20, 20)
    rows = [row for table in reader.lists() for row in table.to_pylist()]
    assert {row["user_id"] for row in rows} == set(PEOPLE)
    for row in rows:
        assert reader.list_of(row["user_id"]).to_pylist() == [row]
        assert row["ratings"] == len(PEOPLE[row["user_id"]])
    assert reader.list_of("nobody").num_rows == 0


def test_a_history_is_oldest_first(reader: ReleaseReader) -> None:
    history = reader.history_of("ml_3")
    assert history is not None
    # Solaris and Moon share a second: the lower id is first
    assert (history.movie_ids, history.ratings, history.rated_seconds) == (
        [11, 13, 14],
        [4.0, 4.5, 3.0],
        [100, 300, 300],
    )
    assert history.fingerprint >> 44 == 3
    assert reader.history_of("nobody") is None


def test_single_films(reader: ReleaseReader) -> None:
    similar = reader.similar_to(ALIEN, 2)
    assert [movie_id for movie_id, _ in similar] == [ALIENS, SOLARIS]
    assert [score for _, score in similar] == pytest.approx([1.0, 1.0])
    details = reader.details_of(ALIEN)
    assert details is not None
    assert b'"title":"Alien"' in details
    assert reader.details_of(999) is None


def test_facts_have_a_row_a_film_and_no_null_lists(reader: ReleaseReader) -> None:
    facts = reader.facts()
    assert facts["movie_id"].to_pylist() == [film[0] for film in FILMS]
    assert facts["keywords"].to_pylist() == [film[4] for film in FILMS]
    assert facts["directors"].null_count == facts["cast_names"].null_count == 0


def test_many_threads_may_read(reader: ReleaseReader) -> None:
    failures: list[str] = []

    def work(user: str) -> None:
        for _ in range(30):
            history = reader.history_of(user)
            if history is None or len(history.movie_ids) != len(PEOPLE[user]):
                failures.append(user)

    threads = [threading.Thread(target=work, args=(user,)) for user in PEOPLE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_file_that_is_no_release_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "release.duckdb"
    path.write_bytes(b"nothing" * 1000)
    with pytest.raises(BrokenReleaseError, match="roll back"):
        ReleaseReader(path)
    with pytest.raises(BrokenReleaseError):
        ReleaseReader(tmp_path / "none.duckdb")


def test_the_file_cannot_be_written(reader: ReleaseReader) -> None:
    with pytest.raises(BrokenReleaseError), reader._cursor() as cursor:
        cursor.execute("DELETE FROM movies")
