"""Running the API: uvicorn on uvloop and httptools, one process or several, with limits on every connection."""

from __future__ import annotations

import logging
from functools import partial

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from pipelines.settings import Settings
from serving.app import create_app
from serving.exposure import check_exposure
from serving.http.connections import BACKLOG, ConnectionLimits, Connections
from serving.http.protocol import GuardedConfig
from serving.supervision import follow_parent, shared_metrics

log = logging.getLogger(__name__)

GRACE_SECONDS = 10
"""How long running requests may go on after a signal to stop."""
SILENT_SECONDS = 60
"""How long a worker may say nothing before it is taken for dead. One that starts is silent: on a busy machine for more
than uvicorn's five seconds, after which it would be killed and started anew, again and again."""


def serve(settings: Settings, host: str | None = None, port: int | None = None, workers: int | None = None) -> None:
    """Answer requests until SIGINT or SIGTERM; running ones are finished first.

    Parameters
    ----------
    host, port, workers
        By default the settings' own.

    Raises
    ------
    ConfigError
        If neither keys nor tokens are configured and the address is not loopback, or a key is too short.
    """
    host = settings.serving.host if host is None else host
    check_exposure(settings, host)
    config = server_config(settings, host, settings.serving.port if port is None else port)
    count = settings.serving.workers if workers is None else workers
    log.info(
        "serving starts host=%s port=%d workers=%d connections=%d",
        host, config.port, count, config.guarded.limits.connections,
    )  # fmt: skip
    if count == 1:
        uvicorn.Server(config).run()
        return
    with shared_metrics():
        config.workers = count
        # the supervisor itself, because `uvicorn.run` takes several workers only by an import path, and settings
        # would have to travel in the environment
        Multiprocess(config, [config.bind_socket()]).run()


def worker_app(settings: Settings, connections: Connections) -> FastAPI:
    """Return the application inside a worker: a process of its own, whose logging nobody has configured yet."""
    if not logging.getLogger().handlers:
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    follow_parent(GRACE_SECONDS)
    return create_app(settings, connections=connections)


def server_config(settings: Settings, host: str, port: int) -> GuardedConfig:
    """Return uvicorn's configuration: no access log of its own, which would name people, and no server header."""
    connections = Connections(ConnectionLimits.of(settings.serving))
    return GuardedConfig(
        partial(worker_app, settings, connections),
        connections,
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=settings.serving.idle_seconds,
        timeout_worker_healthcheck=SILENT_SECONDS,
    )
