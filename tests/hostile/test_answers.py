"""Every service, every lie: an error in one line or nothing lost, memory bounded, no key where it does not belong."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.jobs.enrich import enrich
from pipelines.jobs.ingest import ingest
from pipelines.jobs.ingest_supabase import ingest_supabase
from pipelines.runs import new_run_id
from pipelines.settings import Settings
from pipelines.sources.supabase.live import LiveRatings
from serving.auth.issuer import Issuer
from serving.auth.upstream import IssuerUnavailableError
from tests.hostile.conftest import SECRET, settings_for
from tests.hostile.servers import BODIES, STREAMS, Lie, gzip_bomb, lying, saying
from tests.pipelines.jobs.enriched_set import movielens
from tests.tally import attempt
from tests.tmdb_fake import API_KEY
from warehouse.errors import PlaybillError

pytestmark = pytest.mark.slow

PERSON = "0b0f0b0f-0000-4000-8000-000000000001"
MOST_BYTES = 64 << 20

Ask = Callable[[Settings, Path], object]


def data_api(settings: Settings, home: Path) -> None:
    ingest_supabase(settings, new_run_id())


def live_reads(settings: Settings, home: Path) -> None:
    async def read() -> None:
        live = LiveRatings(str(settings.supabase_url), SECRET, settings.supabase)
        try:
            await live.read(PERSON, seconds=1.0)
        finally:
            await live.close()

    asyncio.run(read())


def tmdb(settings: Settings, home: Path) -> None:
    ingest(settings, new_run_id(), movielens=movielens(home / "ml-latest-small"))
    result = enrich(settings, new_run_id(), popular=5)
    assert result.found == 0
    raise PlaybillError(result.warning or result.note)  # a run goes on without TMDB, and says so in one line


def download(settings: Settings, home: Path) -> None:
    ingest(settings, new_run_id(), dataset="ml-latest-small")


SERVICES: dict[str, Ask] = {"Data API": data_api, "live reads": live_reads, "TMDB": tmdb, "downloads": download}
LIES = {**BODIES, **STREAMS, "gzip bomb": gzip_bomb(), "gzip bomb in a gzip": gzip_bomb(2)}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_one_line_and_leaves_nothing(service: str, lie: str, tmp_path: Path) -> None:
    with attempt(f"hostile answers: {service}"), lying(LIES[lie]) as (url, _):
        settings = settings_for(tmp_path, url)
        tracemalloc.start()
        try:
            with pytest.raises(PlaybillError) as raised:
                SERVICES[service](settings, tmp_path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        message = str(raised.value)
        assert peak < MOST_BYTES
        assert "\n" not in message
        assert not [secret for secret in (SECRET, API_KEY, PERSON) if secret in message]
        assert not list(settings.folder.batches("supabase").glob("*/ratings.parquet"))
        assert not list(settings.folder.downloads.glob("*.zip"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("service", ["Data API", "live reads", "TMDB", "tokens"])
def test_no_key_follows_a_redirect(service: str, status: int, tmp_path: Path) -> None:
    with attempt("hostile redirects"), lying(saying(b"[]")) as (elsewhere, stolen):
        with lying(saying(b"", status, Location=f"{elsewhere.replace('127.0.0.1', 'localhost')}/x")) as (url, asked):
            settings = settings_for(tmp_path, url)
            with pytest.raises((PlaybillError, IssuerUnavailableError)) as raised:
                (tokens if service == "tokens" else SERVICES[service])(settings, tmp_path)
        assert asked.paths
        assert stolen.paths == []
        assert SECRET not in str(raised.value)


def tokens(settings: Settings, home: Path) -> None:
    async def ask() -> None:
        issuer = Issuer(str(settings.supabase_url), SECRET)
        try:
            assert await issuer.user_of("a.b.c", seconds=1.0) is None
            raise IssuerUnavailableError("not told whose the token is")
        finally:
            await issuer.close()

    asyncio.run(ask())


def test_a_download_may_be_redirected_and_carries_no_key(tmp_path: Path) -> None:
    with attempt("hostile redirects"), lying(saying(b"no zip", Content_Type="application/zip")) as (elsewhere, asked):
        with (
            lying(saying(b"", 302, Location=f"{elsewhere}/x.zip.md5")) as (url, _),
            pytest.raises(PlaybillError, match="checksum"),
        ):
            download(settings_for(tmp_path, url), tmp_path)
        assert asked.paths == ["/x.zip.md5"]
        assert "hush" not in asked.text
        assert API_KEY not in asked.text


def circles() -> Lie:
    return lambda handler: saying(b"", 302, Location=handler.path + "x")(handler)


@pytest.mark.parametrize("service", SERVICES)
def test_redirects_in_circles_end(service: str, tmp_path: Path) -> None:
    with attempt("hostile redirects"), lying(circles()) as (url, asked):
        with pytest.raises(PlaybillError):
            SERVICES[service](settings_for(tmp_path, url), tmp_path)
        assert len(asked.paths) < 20


@pytest.mark.parametrize("lie", ["gzip bomb", "gzip bomb in a gzip", "endless body", "drip of the headers", "brotli"])
def test_whose_a_token_is_cannot_be_told_by_a_lie(lie: str, tmp_path: Path) -> None:
    with attempt("hostile answers: tokens"), lying(LIES[lie]) as (url, _):
        tracemalloc.start()
        try:
            with pytest.raises(IssuerUnavailableError):
                tokens(settings_for(tmp_path, url), tmp_path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < MOST_BYTES
