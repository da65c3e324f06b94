"""What the Prefect UI shows of a run: Playbill's own log lines, and a failure as one message."""

from __future__ import annotations

import logging

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
