"""The nightly run on a Prefect server: its schedule, its form in the UI, one run at a time."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.runner import Runner
from prefect.schedules import Cron

from flows.nightly import nightly
from warehouse.errors import ConfigError

CRON = "0 3 * * *"
"""Every night at 03:00 UTC."""
NAME = "nightly"
NIGHTS_AHEAD = 6
"""Runs that the UI shows as coming; the server adds more as they pass."""


def deploy(parameters: dict[str, Any], api_url: str) -> None:
    """Serve the flow until it is stopped: scheduled runs and those started from the UI run as children of this process.

    A run that comes due while another is going is cancelled, not stacked. Stopping leaves the schedule on, so that the
    runs of the nights between show as late in the UI instead of being forgotten.

    Raises
    ------
    ConfigError
        If no Prefect server answers.
    """
    asyncio.run(_serve(parameters, api_url))


async def _serve(parameters: dict[str, Any], api_url: str) -> None:
    async with get_client() as client:
        problem = await client.api_healthcheck()
    if problem is not None:
        raise ConfigError(
            f"no Prefect server answers at {api_url} ({problem}); start one with `prefect server start`, "
            "or set PREFECT_API_URL"
        )
    limit = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    deployment = await nightly.ato_deployment(
        name=NAME,
        schedule=Cron(CRON, timezone="UTC"),
        parameters=parameters,
        concurrency_limit=limit,
        tags=["playbill"],
    )
    runner = Runner(name="playbill", pause_on_shutdown=False, limit=1)
    deployment_id = await runner.aadd_deployment(deployment)
    await _schedule(deployment_id)
    await runner.start()


async def _schedule(deployment_id: UUID) -> None:
    """Have the coming nights' runs made now."""
    async with get_client() as client:
        await client.request(
            "POST",
            "/deployments/{id}/schedule",
            path_params={"id": deployment_id},
            json={"min_runs": NIGHTS_AHEAD, "max_runs": NIGHTS_AHEAD},
        )
