"""The API in a test: started as a server starts it, called through httpx without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from pydantic import SecretStr

from pipelines.settings import Settings
from serving.app import create_app
from serving.context import Context
from tests.conftest import made_once
from tests.serving.releases import ANNA, BEN, publish_release
from tests.serving.supabase import SERVICE_KEY, URL, FakeSupabase


class Api:
    """A started application and a client of it, for tests that are not async."""

    def __init__(self, app: FastAPI, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self.app, self._portal, self._client = app, portal, client

    @property
    def context(self) -> Context:
        context: Context = self.app.state.context
        return context

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._portal.call(lambda: self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def refresh(self) -> bool:
        return self._portal.call(self.context.snapshots.refresh)

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return self._portal.call(function, *args)


@asynccontextmanager
async def _started(app: FastAPI, client_address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=client_address)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


@contextmanager
def running(
    settings: Settings,
    upstream: httpx.AsyncBaseTransport | None = None,
    client: tuple[str, int] = ("127.0.0.1", 123),
) -> Iterator[Api]:
    """Start the API and stop it at the end of the block; ``upstream`` stands in for Supabase."""
    app = create_app(settings, upstream=upstream)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_started(app, client)) as started:
        yield Api(app, portal, started)


def settings_of(data_dir: Path, **serving: Any) -> Settings:
    """Return settings of a data folder; the API looks for releases only when a test asks."""
    quiet = {"poll_seconds": 3600.0, "live_rate": 10_000.0, "live_burst": 10_000}
    return Settings.model_validate({"data_dir": data_dir, "serving": {**quiet, **serving}})


def supabase_settings_of(data_dir: Path, **serving: Any) -> Settings:
    """Return settings of an API in front of the stand-in of `tests.serving.supabase`."""
    ours = settings_of(data_dir, **serving)
    return ours.model_copy(update={"supabase_url": URL, "supabase_key": SecretStr(SERVICE_KEY)})


def ids(body: dict[str, Any]) -> list[int]:
    """Return the films of a list, in its order."""
    return [item["movie_id"] for item in body["recommendations"]]


def own(supabase: FakeSupabase, user: str = ANNA) -> dict[str, str]:
    """Return the headers of a person with a token of their own."""
    return {"Authorization": f"Bearer {supabase.token(user)}"}


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one release; tests that publish take a folder of their own."""
    return made_once(tmp_path_factory, "tiny", lambda home: publish_release(settings_of(home).folder))


@pytest.fixture(scope="session")
def api(tiny_data: Path) -> Iterator[Api]:
    """The open API over the small release."""
    with running(settings_of(tiny_data)) as started:
        yield started


@pytest.fixture(scope="session")
def app_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose release has two people of an app, rated in Supabase, among MovieLens's."""
    sources = {ANNA: "supabase", BEN: "supabase"}
    return made_once(tmp_path_factory, "app", lambda home: publish_release(settings_of(home).folder, sources=sources))


@pytest.fixture
def supabase() -> FakeSupabase:
    """Supabase with the two people's ratings as the release has them."""
    return FakeSupabase.with_people(ANNA, BEN)


@pytest.fixture
def app_api(app_data: Path, supabase: FakeSupabase) -> Iterator[Api]:
    """The API in front of that Supabase, with two API keys."""
    with running(supabase_settings_of(app_data, api_keys="first-key,second-key"), supabase.transport()) as started:
        yield started
