"""The application: built from settings, with no side effect until it starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from pipelines.settings import Settings
from serving.access import Access, ApiKeys
from serving.context import Context
from serving.edge import Edge
from serving.errors import Problem, problem_response
from serving.metrics import Metrics
from serving.openapi import described
from serving.routes import movies, operate, recommendations
from serving.snapshot import Snapshots
from warehouse.store import ReleaseStore


def create_app(settings: Settings) -> FastAPI:
    """Return the API over the releases of the settings' data folder; nothing is opened before it starts."""
    metrics = Metrics()
    context = Context(
        settings,
        Snapshots(ReleaseStore(settings.folder), settings.serving),
        Access(ApiKeys(settings.serving.api_keys)),
        metrics,
    )
    app = FastAPI(title="Playbill", version="1", lifespan=_lifespan, redoc_url=None)
    app.state.context = context
    for routes in (recommendations, movies, operate):
        app.include_router(routes.router)
    app.add_middleware(
        Edge, metrics=metrics, max_body_bytes=settings.serving.max_body_bytes, access_log=settings.serving.access_log
    )
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.openapi = described(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the current release before the first request, then watch for others."""
    context: Context = app.state.context
    await context.snapshots.refresh()
    watching = asyncio.create_task(context.snapshots.watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - FastAPI's handlers are typed for any exception
    return problem_response(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    detail = "there is no such path" if error.status_code == 404 else str(error.detail)
    return problem_response(Problem(error.status_code, detail, headers=error.headers))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places: list[dict[str, Any]] = [
        {"where": ".".join(str(part) for part in entry["loc"]), "what": entry["msg"]} for entry in error.errors()[:10]
    ]
    detail = f"{places[0]['where']}: {places[0]['what']}" if places else "the request is not valid"
    return problem_response(Problem(422, detail, extra={"errors": places}))
