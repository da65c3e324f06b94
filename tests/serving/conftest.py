"""The API in a test: started as a server starts it, called through httpx without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from pipelines.settings import Settings
from serving.app import create_app
from serving.context import Context
from tests.serving.releases import publish_release


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


@contextmanager
def running(settings: Settings) -> Iterator[Api]:
    """Start the API and stop it at the end of the block."""
    app = create_app(settings)
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        held = AsyncExitStack()

        async def start() -> httpx.AsyncClient:
            await held.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            return await held.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://api"))

        client = stack.enter_context(portal.wrap_async_context_manager(_started(start, held)))
        yield Api(app, portal, client)


class _started:  # noqa: N801 - a context manager used once
    def __init__(self, start: Callable[[], Any], held: AsyncExitStack) -> None:
        self._start, self._held = start, held

    async def __aenter__(self) -> httpx.AsyncClient:
        client: httpx.AsyncClient = await self._start()
        return client

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._held.__aexit__(*error)


def settings_of(data_dir: Path, **serving: Any) -> Settings:
    """Return settings of a data folder; the API looks for releases only when a test asks."""
    return Settings.model_validate({"data_dir": data_dir, "serving": {"poll_seconds": 3600.0, **serving}})


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one release; tests that publish take a folder of their own."""
    data_dir = tmp_path_factory.mktemp("tiny")
    publish_release(settings_of(data_dir).folder)
    return data_dir


@pytest.fixture(scope="session")
def api(tiny_data: Path) -> Iterator[Api]:
    """The open API over the small release."""
    with running(settings_of(tiny_data)) as started:
        yield started
