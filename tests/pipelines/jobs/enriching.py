"""The enrichment job at a TMDB of the tests' own: a small set, four films, and what a run leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from pipelines.jobs.build import build
from pipelines.jobs.enrich import Enriched, enrich
from pipelines.jobs.ingest import ingest
from pipelines.settings import Settings
from pipelines.settings_sections import LimitSettings, TmdbSettings
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.key import TmdbKey
from tests.pipelines.jobs.enriched_set import movielens
from tests.tmdb_fake import API_KEY, FakeTmdb, film
from warehouse.enrichment import EnrichmentLedger

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


RUN = "20261121T030000Z-abcdef"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tmdb = TmdbSettings(rate=200.0, burst=100, in_flight=2, flush_seconds=0.01)
    made = Settings(
        data_dir=tmp_path / "data", tmdb=tmdb, tmdb_api_key=SecretStr(API_KEY), tmdb_read_token=None
    )  # fmt: skip
    ingest(made, RUN, movielens=movielens(tmp_path / "ml-latest-small"))
    return made


@pytest.fixture
def tmdb() -> FakeTmdb:
    films = {
        862: film(862, "Toy Story", genres=[{"name": "Animation"}, {"name": "Family"}]),
        348: film(348, "Alien", genres=[], overview="", release_date="1979-05-25"),
        330: film(330, "The Moved", imdb_id="tt0000300", tagline="Elsewhere"),
        900: film(900, "Brand New", popularity=900, release_date="2026-10-01"),
    }
    return FakeTmdb(films, popular=[900, 862, 999])


def run(settings: Settings, fake: FakeTmdb, *, days: float = 0, **options: Any) -> Enriched:
    def connect(asked: TmdbSettings, key: TmdbKey, limits: LimitSettings) -> TmdbClient:
        return TmdbClient(asked, key, limits, transport=httpx.MockTransport(fake))

    return enrich(settings, RUN, now=START + timedelta(days=days), connect=connect, **options)


def statuses(settings: Settings) -> dict[int, str]:
    ledger = EnrichmentLedger(settings.folder, START - timedelta(days=180))
    return {film.asked_id: film.status for film in ledger.known().values()}


def files(settings: Settings) -> dict[str, bytes]:
    root = settings.folder.root
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != ".lock"}


def movies(settings: Settings) -> dict[int, dict[str, Any]]:
    build(settings, RUN)
    return {row["movie_id"]: row for row in pq.read_table(settings.folder.dataset("movies")).to_pylist()}
