"""The command as a process of its own, with the settings of a test."""

from __future__ import annotations

import os
import subprocess
import sys

from pipelines.settings import Settings

PROGRAM = (sys.executable, "-c", "from flows.cli import main; main()")


def environment(settings: Settings) -> dict[str, str]:
    """Return an environment in which the command uses a test's folders, and two small models."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTEST_"))}
    own = {
        "PLAYBILL_DATA_DIR": str(settings.data_dir),
        "PLAYBILL_MLRUNS_DIR": str(settings.mlruns_dir),
        "PLAYBILL_TRAINING__MODELS": '["popularity", "covisitation"]',
        "PLAYBILL_TRAINING__PUBLISHED": "covisitation",
        "PLAYBILL_TRAINING__PROTOCOLS": '["next"]',
    }
    return {**kept, **own}


def playbill(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*PROGRAM, *words], env=environment(settings), capture_output=True, text=True, timeout=300, check=False
    )
