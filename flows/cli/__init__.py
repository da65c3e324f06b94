"""The `playbill` command."""

from __future__ import annotations

import os
import signal

__all__ = ["main"]


def main() -> None:
    """Run the command; a signal that comes while it is still being loaded ends it in one line too."""
    signal.signal(signal.SIGTERM, lambda *_: _stopped_early(signal.SIGTERM))
    try:
        from flows.cli.app import main as command
    except KeyboardInterrupt:
        _stopped_early(signal.SIGINT)
    command()


def _stopped_early(signum: int) -> None:
    os.write(2, b"playbill: interrupted; nothing had begun\n")
    os._exit(128 + signum)
