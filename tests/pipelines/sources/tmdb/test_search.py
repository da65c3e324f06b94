"""Searching by title: typed matches, one client for many questions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from pipelines.settings import Settings
from pipelines.settings_sections import TmdbSettings
from pipelines.sources.tmdb.search import search_movie, searching
from tests.tmdb_fake import API_KEY, FakeTmdb, film
from warehouse.errors import ConfigError, SourceUnavailableError


def settings(tmp_path: Path, key: str = API_KEY) -> Settings:
    tmdb = TmdbSettings(rate=200.0, attempts=1)
    return Settings(data_dir=tmp_path, tmdb=tmdb, tmdb_api_key=SecretStr(key), tmdb_read_token=None)


def test_matches_are_typed_and_in_tmdbs_order(tmp_path: Path) -> None:
    fake = FakeTmdb({863: film(863, "Toy Story 2", release_date="", popularity="9"), 862: film(862, "Toy Story")})
    found = search_movie("toy story", 1995, settings=settings(tmp_path), transport=httpx.MockTransport(fake))
    assert [row["movie_id"] for row in found] == [863, 862]
    assert found[1] == {
        "movie_id": 862,
        "title": "Toy Story",
        "original_title": "Toy Story",
        "year": 1995,
        "release_date": date(1995, 10, 30),
        "popularity": 12.5,
        "vote_count": 100,
    }
    assert (found[0]["year"], found[0]["popularity"]) == (None, 9.0)
    query = fake.requests[0].url.params
    assert (query["query"], query["year"]) == ("toy story", "1995")


def test_many_titles_share_a_client_and_no_year_is_no_year(tmp_path: Path) -> None:
    fake = FakeTmdb({1: film(1, "Alien"), 2: film(2, "Amélie & more")})
    with searching(settings(tmp_path), transport=httpx.MockTransport(fake)) as search:
        titles = [[row["title"] for row in search(query)] for query in ("alien", "Amélie & more", "nothing")]
    assert titles == [["Alien"], ["Amélie & more"], []]
    assert "year" not in fake.requests[0].url.params


def test_rows_without_an_id_are_passed_over(tmp_path: Path) -> None:
    rows = {"results": [{"title": "A"}, None, "x", {"id": 0, "title": "B"}, {"id": 5, "title": "C"}]}
    fake = FakeTmdb(fault=lambda request, before: httpx.Response(200, json=rows))
    found = search_movie("x", settings=settings(tmp_path), transport=httpx.MockTransport(fake))
    assert [(row["movie_id"], row["title"]) for row in found] == [(5, "C")]


def test_no_key_and_no_tmdb_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TMDB_READ_TOKEN"):
        search_movie("x", settings=settings(tmp_path, ""))
    down = FakeTmdb(fault=lambda request, before: httpx.ConnectError("refused"))
    with pytest.raises(SourceUnavailableError, match="refused"):
        search_movie("x", settings=settings(tmp_path), transport=httpx.MockTransport(down))
