"""Text from elsewhere on a terminal: titles and ids are shown, never obeyed."""

from __future__ import annotations

import logging
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

KEPT = "\n\t"
CONTROLS = (*range(32), *range(127, 160))
"""C0 and C1, ESC and CSI among them."""
TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What turns the direction of writing about."""
_REMOVED: dict[int, None] = {code: None for code in (*CONTROLS, *TURNS) if chr(code) not in KEPT}


def printable(text: str) -> str:
    """Return a text without the characters that a terminal would obey."""
    return text.translate(_REMOVED)


def for_output(text: str) -> str:
    """Return a text as it is for a file or a pipe, and printable for a terminal."""
    return printable(text) if sys.stdout.isatty() else text


class PlainConsole(Console):
    """A console for which text is text: no markup, no emoji codes, no control characters."""

    def __init__(self, **named: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **named)

    def render_str(self, text: str, **named: Any) -> Text:
        """Make text of a cell, a title or a line."""
        return super().render_str(printable(text), **named)


class PlainFormatter(logging.Formatter):
    """A log line without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return printable(super().format(record))
