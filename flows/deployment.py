"""The nightly run on a Prefect server: its schedule, its form in the UI, one run at a time."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect import serve
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment

from flows.nightly import nightly
from warehouse.errors import ConfigError

CRON = "0 3 * * *"
"""Every night at 03:00 UTC."""
NAME = "nightly"


def deploy(parameters: dict[str, Any], api_url: str) -> None:
    """Serve the flow until it is stopped: scheduled runs and those started from the UI run in this process's children.

    A run that comes due while another is going is cancelled, not stacked.

    Raises
    ------
    ConfigError
        If no Prefect server answers.
    """
    asyncio.run(_check_server(api_url))
    limit = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    deployment = nightly.to_deployment(
        name=NAME, cron=CRON, parameters=parameters, concurrency_limit=limit, tags=["playbill"]
    )
    assert isinstance(deployment, RunnerDeployment)  # a coroutine only where an event loop runs  # noqa: S101
    serve(deployment, pause_on_shutdown=False, limit=1, print_starting_message=True)


async def _check_server(api_url: str) -> None:
    async with get_client() as client:
        problem = await client.api_healthcheck()
    if problem is not None:
        raise ConfigError(
            f"no Prefect server answers at {api_url} ({problem}); start one with `prefect server start`, "
            "or set PREFECT_API_URL"
        )
