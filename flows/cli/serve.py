"""`playbill serve`: the HTTP API over the current release."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.console import set_up_logging
from pipelines.settings import load_settings


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
    from serving.server import serve as run_server

    run_server(settings, host=host, port=port, workers=workers)
