"""`playbill serve`: the HTTP API over the current release."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from flows.cli.console import set_up_logging
from pipelines.settings import load_settings
from warehouse.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; the setting's by default.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Processes that answer.")] = None,
) -> None:
    """Serve the current release over HTTP; a new release is picked up without a restart."""
    settings = load_settings()
    set_up_logging(settings.log_level)
    from serving.exposure import check_exposure
    from warehouse.store import ReleaseStore

    check_exposure(settings, settings.serving.host if host is None else host)
    ReleaseStore(settings.folder).current_id()  # without one there is nothing to serve, which is told here
    _refuse_used(settings.serving.host if host is None else host, settings.serving.port if port is None else port)
    from serving.server import serve as run_server

    run_server(settings, host=host, port=port, workers=workers)


def _refuse_used(host: str, port: int) -> None:
    """Refuse a port that another program listens on, before the release is opened.

    Raises
    ------
    ConfigError
        If it is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port} ({error.strerror}); stop what uses it, or choose another with --port"
            ) from error
