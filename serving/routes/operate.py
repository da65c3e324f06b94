"""For whoever runs it: alive, ready, what is served, what is counted."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from serving.context import context_of
from serving.http.errors import Problem
from serving.http.render import plain_json
from serving.http.schemas import Health, Ready, ReleaseInfo
from serving.routes.documented import answers

router = APIRouter(tags=["operations"])
FRESH = {"Cache-Control": "no-store"}


@router.get("/health", response_model=Health, summary="Alive")
async def health(request: Request) -> Response:
    """Answer 200 as long as the process does, with or without a release."""
    snapshot = context_of(request).snapshots.current
    body = {
        "status": "ok",
        "release_id": snapshot.release_id if snapshot else None,
        "model": snapshot.model.name if snapshot else None,
        "n_users": snapshot.lists.people if snapshot else 0,
        "n_items": len(snapshot.films) if snapshot else 0,
    }
    return Response(plain_json(body), media_type="application/json", headers=FRESH)


@router.get("/ready", response_model=Ready, responses=answers(503), summary="Ready")
async def ready(request: Request) -> Response:
    """Answer 200 when there is a release and it is young enough."""
    context = context_of(request)
    snapshot = context.snapshot()
    age_hours = (time.time() - snapshot.created_at.timestamp()) / 3600
    limit = context.settings.serving.max_release_age_hours
    if age_hours > limit:
        raise Problem(
            503, f"release {snapshot.release_id} is {age_hours:.0f} hours old, more than {limit:.0f}; is the nightly "
            "run failing?", headers={"Retry-After": "60"},
        )  # fmt: skip
    body = {
        "status": "ready",
        "release_id": snapshot.release_id,
        "age_hours": round(max(age_hours, 0), 3),
        "last_look_seconds": round(context.snapshots.look_age_seconds, 3),
        "failed_looks": context.snapshots.failed_looks,
    }
    return Response(plain_json(body), media_type="application/json", headers=FRESH)


@router.get("/release", response_model=ReleaseInfo, responses=answers(503), summary="What is being served")
async def release(request: Request) -> Response:
    """Return the manifest of the release, without its files."""
    manifest = context_of(request).snapshot().manifest
    shown = {name: value for name, value in manifest.items() if name != "files"}
    return Response(plain_json(shown), media_type="application/json", headers=FRESH)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    summary="Counts and times for Prometheus",
)
async def metrics(request: Request) -> Response:
    """Return what has been counted since the start."""
    context = context_of(request)
    page = context.metrics.page(context.snapshots)
    return Response(page, headers={**FRESH, "Content-Type": CONTENT_TYPE_LATEST})
