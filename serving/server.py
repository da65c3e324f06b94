"""Running the API: uvicorn on uvloop and httptools, one process or several, never open to the network without auth."""

from __future__ import annotations

import ipaddress
import logging
import os
import tempfile
from functools import partial

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from pipelines.settings import Settings
from serving.app import create_app
from serving.metrics import MULTIPROCESS
from warehouse.errors import ConfigError

log = logging.getLogger(__name__)

GRACE_SECONDS = 10
"""How long running requests may go on after a signal to stop."""


def serve(settings: Settings, host: str | None = None, port: int | None = None, workers: int | None = None) -> None:
    """Answer requests until SIGINT or SIGTERM; running ones are finished first.

    Parameters
    ----------
    host, port, workers
        By default the settings' own.

    Raises
    ------
    ConfigError
        If neither keys nor tokens are configured and the address is not loopback.
    """
    host = settings.serving.host if host is None else host
    config = server_config(settings, host, settings.serving.port if port is None else port)
    count = settings.serving.workers if workers is None else workers
    check_address(settings, host)
    log.info("serving starts host=%s port=%d workers=%d", host, config.port, count)
    if count == 1:
        uvicorn.Server(config).run()
        return
    with tempfile.TemporaryDirectory(prefix="playbill-metrics-") as shared:
        os.environ[MULTIPROCESS] = shared
        config.workers = count
        # the supervisor itself, because `uvicorn.run` takes several workers only by an import path, and settings
        # would have to travel in the environment
        Multiprocess(config, [config.bind_socket()]).run()


def worker_app(settings: Settings) -> FastAPI:
    """Return the application inside a worker: a process of its own, whose logging nobody has configured yet."""
    if not logging.getLogger().handlers:
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return create_app(settings)


def server_config(settings: Settings, host: str, port: int) -> uvicorn.Config:
    """Return uvicorn's configuration: no access log of its own, which would name people, and no server header."""
    return uvicorn.Config(
        partial(worker_app, settings),
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=65,
    )


def check_address(settings: Settings, host: str) -> None:
    """Refuse to be open to others than this machine.

    Raises
    ------
    ConfigError
        If no auth is configured and ``host`` is not loopback.
    """
    if settings.serving.api_keys or settings.supabase_url or is_loopback(host):
        return
    raise ConfigError(
        f"serving on {host} without any key would show everybody's lists to anybody; set PLAYBILL_SERVING__API_KEYS "
        "or SUPABASE_URL, or listen on 127.0.0.1"
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address; a name other than localhost is not believed."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
