"""What is said and done when a signal ended a long command."""

from __future__ import annotations

import base64
import json
import os
import signal
import urllib.request

from flows.cli.console import tell

PREFECT_SECONDS = 1.5
KILLED = "the work was killed from outside (signal {signum}; often too little memory)"


def stopped(signum: int, flow_run: str) -> None:
    """Tell in one line that the work was stopped and what is served now; cancel its run in Prefect, if it has one.

    Parameters
    ----------
    flow_run : str
        The id of the run on the Prefect server, or nothing.
    """
    interrupted = signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    tell(f"{'interrupted' if interrupted else KILLED.format(signum=signum)}; {_served()}")
    if flow_run:
        _cancel(flow_run)


def _served() -> str:
    from pipelines.settings import load_settings
    from warehouse.errors import PlaybillError

    try:
        current = load_settings().folder.releases / "CURRENT"
        return f"release {current.read_text(encoding='utf-8').strip()} is still served"
    except (OSError, PlaybillError):
        return "nothing has been published yet"


def _cancel(flow_run: str) -> None:
    """Set the run's state by one plain request: Prefect's own client takes longer to load than there is time."""
    from pipelines.settings import load_settings

    state = {"type": "CANCELLED", "name": "Cancelled", "message": "stopped at the terminal"}
    request = urllib.request.Request(  # noqa: S310 - the address that the user set
        f"{load_settings().prefect_api_url}/flow_runs/{flow_run}/set_state",
        data=json.dumps({"state": state, "force": True}).encode(),
        headers={"Content-Type": "application/json", **_login()},
    )
    try:
        with urllib.request.urlopen(request, timeout=PREFECT_SECONDS):  # noqa: S310
            return
    except (OSError, ValueError) as error:
        tell(f"the run could not be cancelled on the Prefect server ({type(error).__name__})")


def _login() -> dict[str, str]:
    key, login = os.environ.get("PREFECT_API_KEY"), os.environ.get("PREFECT_API_AUTH_STRING")
    if key:
        return {"Authorization": f"Bearer {key}"}
    return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
