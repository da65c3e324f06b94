"""`playbill mlflow`: MLflow's pages over what Playbill tracked, opened on the runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

from flows.cli.console import out
from pipelines.settings import load_settings
from warehouse.errors import ConfigError

PORT = 5000


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("mlflow")(mlflow)


def mlflow(
    host: Annotated[str, typer.Option("--host", help="Address to listen on; there is no password.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = PORT,
) -> None:
    """Show what was trained, how good it was and what is served, in MLflow's pages; Ctrl-C stops."""
    settings = load_settings()
    from pipelines.registry import Registry, without_password

    if settings.mlflow_tracking_uri:
        registry, server = Registry(settings), without_password(settings.mlflow_tracking_uri).rstrip("/")
        if registry.lost:
            raise ConfigError(f"MLFLOW_TRACKING_URI, {server}, does not answer; is it up?")
        out.print(f"Runs are tracked by a server of yours: {server}/#{registry.page()}", soft_wrap=True)
        return
    database = settings.mlruns / "mlflow.db"
    if not database.exists():
        raise ConfigError(f"{database} does not exist; nothing was tracked yet, run `playbill run` first")
    # an address that is broken into two lines is none
    out.print(f"http://{host}:{port}/#{Registry(settings).page()}   (Ctrl-C stops)", soft_wrap=True)
    command = [
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{database}", "--host", host,
        "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    code = _run(command, {**os.environ, **quiet})
    if code > 0:
        raise ConfigError(f"MLflow's server ended with exit code {code}; is port {port} taken?")


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run the server until it ends, or until we are told to: then with all of its processes, none stays behind."""
    server = subprocess.Popen(command, env=environment, process_group=0)  # noqa: S603 - our own words
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.default_int_handler)
    try:
        return server.wait()
    except KeyboardInterrupt:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
        return 0
