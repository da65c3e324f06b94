"""What the Prefect UI shows of a run: Playbill's own log lines, and a failure as one message."""

from __future__ import annotations

import atexit
import logging
import os
import sys

from warehouse.errors import PlaybillError

OWN = ("flows", "pipelines", "warehouse")
PREFECT = ("prefect.flow_runs", "prefect.task_runs")


class OneMessage(logging.Filter):
    """Puts the problem in the place of a traceback where Playbill raised it on purpose."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; every record goes on."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, PlaybillError):
            record.msg, record.args, record.exc_info, record.exc_text = str(error), (), None, None
        return True


def one_message_a_failure(level: str) -> None:
    """Let Playbill's log lines of this level through to the run's page, and no traceback for what it explains."""
    for name in OWN:
        logging.getLogger(name).setLevel(level)
    for name in PREFECT:
        logger = logging.getLogger(name)
        if not any(isinstance(one, OneMessage) for one in logger.filters):
            logger.addFilter(OneMessage())


def leave_quietly() -> None:
    """Say nothing more once the process takes itself apart.

    DuckDB's bindings print pages about "leaked" objects then, once Prefect's threads have run: nothing that whoever
    reads a deployment's terminal can use. The exit code stays what it is.
    """
    if os.environ.get("PREFECT__FLOW_RUN_ID"):  # a run in a process of its own, not one inside the command or a test
        atexit.register(_close_stderr)


def _close_stderr() -> None:
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
