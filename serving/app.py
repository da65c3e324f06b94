"""The application: built from settings, with no side effect until it starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from threadpoolctl import threadpool_limits

from pipelines.settings import Settings
from pipelines.sources.http import Transport
from serving.background import Chore, keep_doing
from serving.context import Context, make_context
from serving.exposure import is_open
from serving.http.connections import Connections
from serving.http.docs import add_docs
from serving.http.edge import Edge
from serving.http.errors import Problem, problem_response
from serving.http.fast import PlainListRoute
from serving.http.openapi import allowed_methods, description
from serving.routes import discovery, feedback, movies, music, operate, recommend, recommendations, users, why_not
from warehouse.inbox import InboxLog

GZIP_LEVEL = 4
FEEDBACK_LOOK_SECONDS, KEYS_LOOK_SECONDS = 5.0, 1.0


def create_app(
    settings: Settings, *, upstream: Transport | None = None, connections: Connections | None = None
) -> FastAPI:
    """Return the API over the releases of the settings' data folder; nothing is opened before it starts.

    Parameters
    ----------
    upstream
        What carries requests to Supabase; the network by default.
    connections
        Those of the server that it runs in, to be counted.
    """
    context, serving = make_context(settings, upstream, connections), settings.serving
    app = FastAPI(title="Playbill", version="1", lifespan=_lifespan, openapi_url=None, redirect_slashes=False)
    app.state.context = context
    shown = (recommendations, why_not, recommend, users, movies, discovery, music, operate)
    for routes in (*shown, *([feedback] if serving.feedback else [])):
        app.include_router(routes.router)
    app.router.routes.insert(0, PlainListRoute(recommendations.plain_list))
    app.add_middleware(GZipMiddleware, minimum_size=serving.gzip_bytes, compresslevel=GZIP_LEVEL)
    if serving.cors_origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(serving.cors_origins), allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type"],
            expose_headers=["ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"],
        )  # fmt: skip
    app.add_middleware(
        Edge, metrics=context.metrics, max_body_bytes=serving.max_body_bytes, access_log=serving.access_log,
        loopback_only=is_open(settings),
    )  # fmt: skip
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    add_docs(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the current release before the first request, then watch for others; close everything at the end."""
    context: Context = app.state.context
    threadpool_limits(1, "blas")  # a live list is small, and requests share the cores
    await context.snapshots.refresh()
    for inbox in _logs(context)[:1]:
        await asyncio.to_thread(inbox.adopt)
    tasks = [asyncio.create_task(keep_doing(chore, context.metrics)) for chore in _chores(context)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for answers in (context.tmdb_answers, context.music_answers):
            await answers.close()
        for client in (context.issuer, context.ratings, context.llm, context.discovery, context.music):
            if client is not None:
                await client.close()
        for inbox in _logs(context):
            await asyncio.to_thread(inbox.close)


def _logs(context: Context) -> list[InboxLog]:
    """Return the logs that are written here for ingest."""
    return [inbox for inbox in (context.feedback, context.exposures) if inbox is not None]


def _chores(context: Context) -> list[Chore]:
    chores = [Chore("releases", context.snapshots.refresh, context.settings.serving.poll_seconds)]
    if context.issuer is not None:
        chores.append(Chore("signing keys", context.issuer.freshen, KEYS_LOOK_SECONDS))
    logs = _logs(context)
    if logs:

        async def close_old_logs() -> None:
            for inbox in logs:
                await asyncio.to_thread(inbox.close_if_old)

        chores.append(Chore("feedback", close_old_logs, FEEDBACK_LOOK_SECONDS))
    return chores


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - FastAPI's handlers are typed for any exception
    return problem_response(error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    detail = "there is no such path" if error.status_code == 404 else str(error.detail)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(description(request.app)["paths"], request.url.path))
    return problem_response(Problem(error.status_code, detail, headers=headers))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places: list[dict[str, Any]] = [
        {"where": ".".join(str(part) for part in entry["loc"]), "what": entry["msg"]} for entry in error.errors()[:10]
    ]
    detail = f"{places[0]['where']}: {places[0]['what']}" if places else "the request is not valid"
    return problem_response(Problem(422, detail, extra={"errors": places}))
