"""Matching a set without links: by another's links, by TMDB's search, by hand; counted, and never matched again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.films.overrides import overrides_file
from pipelines.jobs.build import build
from pipelines.jobs.ingest import ingest
from pipelines.jobs.match import match
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from tests.pipelines.sources.movielens.test_formats import zipped
from warehouse.db import connect
from warehouse.errors import SourceError, SourceFormatError, SourceUnavailableError

FLAGS = "|".join(["0"] * 18)
TITLES = {
    1: "Star Wars (1977)",
    2: "Boot, Das (1981)",
    3: "Emma (1996)",
    4: "Big Squeeze, The (1996)",
    5: "Twin Town (1997)",
    6: "unknown",
}
LINKED = {
    "movies.csv": (
        "movieId,title,genres\n260,Star Wars: Episode IV - A New Hope (1977),Sci-Fi\n"
        '1204,"Boat, The (a.k.a. Boot, Das) (1981)",War\n90,Emma (1996),Drama\n91,Emma (1996),Drama\n'
        "1,Toy Story (1995),Comedy\n"
    ),
    "links.csv": "movieId,imdbId,tmdbId\n260,0076759,11\n1204,0082096,387\n90,1,3573\n91,2,12254\n1,0114709,862\n",
    "ratings.csv": "userId,movieId,rating,timestamp\n1,1,3,10\n",
}


@pytest.fixture
def links(tmp_path: Path) -> Path:
    return zipped(tmp_path, "ml-latest-small", "ml-latest-small", {**LINKED})


@pytest.fixture
def old(settings: Settings, tmp_path: Path) -> Settings:
    """A data folder in which a set like ML-100k has landed: film n is rated by n people."""
    films = "".join(f"{film}|{title}|||http://x|0|{FLAGS}\n" for film, title in TITLES.items())
    data = "".join(f"{user}\t{film}\t4\t{film * 100 + user}\n" for film in TITLES for user in range(1, film + 1))
    ingest(settings, new_run_id(), movielens=zipped(tmp_path, "ml-100k", "ml-100k", {"u.item": films, "u.data": data}))
    return settings


def mapping(settings: Settings) -> dict[int, tuple[int, str]]:
    rows = pq.read_table(settings.folder.dataset("tmdb_mapping")).to_pylist()
    return {row["movielens_id"]: (row["movie_id"], row["method"]) for row in rows if row["id_space"] == "ml-100k"}


class Search:
    """TMDB's search over two films, as it answers: any film that has the words, in the year asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None]] = []

    def __call__(self, title: str, year: int | None) -> Sequence[dict[str, Any]]:
        self.asked.append((title, year))
        films = [(15321, "Twin Town", 1997), (99, "Twin Town Tales", 1997), (5, "The Big Squeeze", 1997)]
        return [
            {"movie_id": film, "title": name, "original_title": name, "year": made}
            for film, name, made in films
            if title.lower() in name.lower() and made == year
        ]


def test_by_the_links_of_another_set(old: Settings, links: Path) -> None:
    result = match(old, new_run_id(), links=links)
    assert mapping(old) == {1: (11, "part"), 2: (387, "alias")}
    assert (result.needed, result.films, result.matched, result.ratings, result.ratings_matched) == (True, 6, 2, 21, 3)
    assert result.fresh == {"part": 1, "alias": 1}
    assert result.ambiguous == {"Emma (1996)": (3573, 12254)}
    assert "Twin Town (1997)" in result.unmatched


def test_search_is_asked_for_the_rest_only(old: Settings, links: Path) -> None:
    search = Search()
    result = match(old, new_run_id(), links=links, search=search)
    assert mapping(old)[5] == (15321, "tmdb title")
    assert mapping(old)[4] == (5, "tmdb title±1")
    assert (result.matched, result.ratings_matched) == (4, 12)
    assert {title for title, _ in search.asked} == {"Twin Town", "The Big Squeeze"}  # no Emma, nothing without a year


def test_a_second_match_changes_and_asks_nothing(old: Settings, links: Path) -> None:
    match(old, new_run_id(), links=links, search=Search())
    before = pq.read_table(old.folder.dataset("tmdb_mapping")).to_pylist()
    search = Search()
    again = match(old, new_run_id(), search=search)
    assert (again.fresh, search.asked) == ({}, [])
    assert pq.read_table(old.folder.dataset("tmdb_mapping")).to_pylist() == before


def test_a_title_that_was_not_found_is_not_asked_for_every_night(old: Settings, links: Path) -> None:
    def nothing(title: str, year: int | None) -> list[dict[str, Any]]:
        return []

    match(old, new_run_id(), links=links, search=nothing)
    search = Search()
    match(old, new_run_id(), search=search)
    assert search.asked == []


def test_a_search_that_fails_keeps_what_is_known(old: Settings, links: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(title: str, year: int | None) -> list[dict[str, Any]]:
        raise SourceUnavailableError("TMDB: the server answered 503")

    assert match(old, new_run_id(), links=links, search=broken).matched == 2
    assert "without TMDB's search after titles=0 of=3: TMDB: the server answered 503" in caplog.text
    assert match(old, new_run_id(), search=Search()).matched == 4  # asked again at once, as it was not answered


def test_what_is_written_by_hand_wins(old: Settings, links: Path) -> None:
    match(old, new_run_id(), links=links)
    hand = overrides_file(old.folder)
    hand.write_text("id_space,movielens_id,tmdb_id\nml-100k,3,3573\nml-100k,1,\n")
    assert match(old, new_run_id()).matched == 3
    build(old, new_run_id())
    assert mapping(old) == {2: (387, "alias"), 3: (3573, "override")}
    hand.unlink()
    match(old, new_run_id())
    build(old, new_run_id())
    assert mapping(old) == {1: (11, "part"), 2: (387, "alias")}


def test_the_release_has_the_matched_films_under_their_tmdb_ids(old: Settings, links: Path) -> None:
    match(old, new_run_id(), links=links)
    build(old, new_run_id())
    with connect(old.folder.warehouse_file, read_only=True) as con:
        assert con.execute("SELECT movie_id, count(*) FROM fct_interactions GROUP BY ALL ORDER BY ALL").fetchall() == [
            (11, 1),
            (387, 2),
        ]
        assert con.execute("SELECT reason, ratings FROM mart_dropped_ratings").fetchall() == [
            ("film has no TMDB id", 18)
        ]


def test_a_set_like_1m_shares_the_numbers(settings: Settings, links: Path, tmp_path: Path) -> None:
    files = {
        "movies.dat": "260::Star Wars: Episode IV - A New Hope (1977)::Sci-Fi\n999::Boot, Das (1981)::War\n",
        "ratings.dat": "1::260::5::100\n1::999::4::200\n",
    }
    ingest(settings, new_run_id(), movielens=zipped(tmp_path, "ml-1m", "ml-1m", {**files}))
    result = match(settings, new_run_id(), links=links)
    assert result.fresh == {"links": 1, "alias": 1}
    build(settings, new_run_id())


def test_a_set_with_links_needs_no_matching(settings: Settings, links: Path) -> None:
    ingest(settings, new_run_id(), movielens=links)
    assert match(settings, new_run_id()).needed is False


def test_nothing_to_match_with(old: Settings, tmp_path: Path) -> None:
    assert match(old, new_run_id()).matched == 0
    with pytest.raises(SourceError, match="give --links a set that has one"):
        build(old, new_run_id())
    with pytest.raises(SourceFormatError, match=r"no links\.csv"):
        match(old, new_run_id(), links=tmp_path / "ml-100k.zip")


def test_the_promised_share_of_the_real_set(settings: Settings, shared_movielens: Path) -> None:
    ingest(settings, new_run_id(), movielens=shared_movielens / "ml-100k.zip")
    result = match(settings, new_run_id(), links=shared_movielens / "ml-latest-small.zip")
    assert result.matched >= 1_345
    assert result.ratings_matched >= 97_500
