"""Answers and the disk: whatever ends the asking, and however slow the disk, each answer is written once."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from pipelines.films.enrichment import Ages
from pipelines.jobs.enrich_asking import Asking
from pipelines.settings_sections import TmdbSettings
from pipelines.sources.tmdb.client import TmdbClient
from pipelines.sources.tmdb.key import TmdbKey
from tests.tmdb_fake import API_KEY, FakeTmdb, film
from warehouse.enrichment import EnrichmentLedger

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class SlowLedger:
    """Keeps rows in memory; the first write that holds any waits until it is let go."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.writing, self.go = threading.Event(), threading.Event()

    def append(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.writing.set()
            assert self.go.wait(10)
            self.rows += rows


class FullDisk(SlowLedger):
    """Fails at its first rows."""

    def append(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            raise OSError(28, "No space left on device")


def asking(client: TmdbClient, ledger: SlowLedger) -> Asking:
    stored = cast(EnrichmentLedger, ledger)
    return Asking(client, stored, run_id="r", now=NOW, ages=Ages(150, 30), known={}, imdb_ids={})


def client(fake: FakeTmdb) -> TmdbClient:
    settings = TmdbSettings(rate=200.0, in_flight=1)

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.001)  # as a network does: others have their turn meanwhile, the writer too
        return fake(request)

    transport = httpx.MockTransport(answer)
    return TmdbClient(settings, TmdbKey(API_KEY, "TMDB_API_KEY"), transport=transport)


def test_answers_that_come_during_the_last_write_are_written_too() -> None:
    ledger = SlowLedger()
    ids = list(range(1, 41))

    def let_go_at_the_end(request: httpx.Request, before: int) -> None:
        if before == 5:
            assert ledger.writing.wait(10)  # the first rows are on their way to disk from here on
        if before == len(ids) - 1:
            threading.Timer(0.1, ledger.go.set).start()  # the last answer comes while they still are

    fake = FakeTmdb({i: film(i) for i in ids}, fault=let_go_at_the_end)

    async def run() -> None:
        async with client(fake) as tmdb:
            await asking(tmdb, ledger).run(ids, in_flight=1, flush_seconds=0.0001)

    asyncio.run(run())
    assert sorted(row["asked_id"] for row in ledger.rows) == ids


def test_a_run_that_is_interrupted_writes_what_it_has() -> None:
    ledger = SlowLedger()
    ledger.go.set()
    fake = FakeTmdb({i: film(i) for i in range(1, 101)})

    async def run() -> int:
        async with client(fake) as tmdb:
            asked = asking(tmdb, ledger)
            task = asyncio.create_task(asked.run(list(range(1, 101)), in_flight=1, flush_seconds=60.0))
            while asked.tally.asked < 10:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return asked.tally.asked

    answered = asyncio.run(run())
    assert 10 <= answered < 100
    assert len(ledger.rows) >= answered


def test_a_full_disk_ends_the_run() -> None:
    fake = FakeTmdb({i: film(i) for i in range(1, 10_001)})

    async def run() -> None:
        async with client(fake) as tmdb:
            await asking(tmdb, FullDisk()).run(list(range(1, 10_001)), in_flight=1, flush_seconds=0.0001)

    with pytest.raises(OSError, match="No space left"):
        asyncio.run(run())
    assert len(fake.requests) < 10_000
