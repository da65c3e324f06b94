"""What Prefect and MLflow must find in the environment before they are imported."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from pipelines.settings import Settings
from warehouse.files import make_folder

EXTRA_LOGGERS = "flows,pipelines,warehouse"
DEFAULT_SERVER = "http://127.0.0.1:4200/api"


def prepare(settings: Settings, *, quiet: bool, environ: MutableMapping[str, str] | None = None) -> None:
    """Set what is not set yet: Prefect's home inside the data folder, no telemetry, patience at its start.

    Parameters
    ----------
    quiet : bool
        Whether Prefect's own log lines stay off the console; they reach its database and UI either way.
    environ : mutable mapping, optional
        By default the process's environment.
    """
    target = os.environ if environ is None else environ
    wanted = {
        "PREFECT_HOME": str(settings.folder.prefect),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_EXTRA_LOGGERS": EXTRA_LOGGERS,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
    }
    if quiet:
        wanted["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    if settings.prefect_api_url:
        wanted["PREFECT_API_URL"] = settings.prefect_api_url
    for name, value in wanted.items():
        target.setdefault(name, value)
    make_folder(settings.folder.prefect)
