"""Single values of a TMDB record, coerced where their meaning is plain, else dropped with a reason.

Each function returns the value, or None, and notes in ``problems`` what was not as TMDB documents it. What is merely
absent (missing, null, an empty text) is no problem.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

SHOWN_CHARACTERS = 200
FIRST_YEAR, LAST_YEAR = 1870, 2150
"""The oldest film is of 1874; announced ones are rarely ten years ahead."""


@dataclass(frozen=True)
class Problem:
    """A value that was not as documented.

    Attributes
    ----------
    field, reason : str
    text : str
        The value as it came, shortened.
    kept : bool
        True when a usable value was made of it, False when it was dropped.
    """

    field: str
    reason: str
    text: str
    kept: bool


def note(problems: list[Problem], field: str, reason: str, value: Any, *, kept: bool = False) -> None:
    """Add a problem, the value shortened to what fits a line."""
    raw = value if isinstance(value, str) else _shown(value)
    problems.append(Problem(field, reason, clean(raw[: 2 * SHOWN_CHARACTERS])[:SHOWN_CHARACTERS], kept))


def clean(value: str) -> str:
    """Return the text without control characters and halves of characters, white space made plain."""
    whole = value.encode("utf-8", "ignore").decode("utf-8")
    return " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in whole).split())


def text(value: Any, field: str, problems: list[Problem], *, longest: int, shape: str = "") -> str | None:
    """Read a text; numbers are taken as text, one that is too long is cut, one of another shape dropped."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and not shape:
        note(problems, field, "a number where a text belongs", value, kept=True)
        value = _shown(value)
    if not isinstance(value, str):
        note(problems, field, "no text", value)
        return None
    found = clean(value[: 2 * longest])
    if len(value) > longest:
        note(problems, field, f"longer than {longest} characters", value, kept=not shape)
        found = found[:longest].rstrip()
    if found and shape and not re.fullmatch(shape, found):
        note(problems, field, "not of the shape that TMDB documents", value)
        return None
    return found or None


def number(value: Any, field: str, problems: list[Problem], *, low: float, high: float) -> float | None:
    """Read a number between two bounds; one written as a text is taken."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        note(problems, field, "no number", value)
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        note(problems, field, "no number", value)
        return None
    if not math.isfinite(found) or not low <= found <= high:
        note(problems, field, f"outside {low:g} to {high:g}", value)
        return None
    if isinstance(value, str):
        note(problems, field, "a text where a number belongs", value, kept=True)
    return found


def whole(value: Any, field: str, problems: list[Problem], *, low: int, high: int) -> int | None:
    """Read a whole number; a fraction is rounded."""
    found = number(value, field, problems, low=low, high=high)
    if found is None:
        return None
    if found != int(found):
        note(problems, field, "a fraction where a whole number belongs", value, kept=True)
    return min(high, max(low, round(found)))


def day(value: Any, field: str, problems: list[Problem]) -> date | None:
    """Read a day such as 1995-10-30; a time after it is passed over."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            found = date.fromisoformat(value.strip()[:10])
        except ValueError:
            pass
        else:
            if FIRST_YEAR <= found.year <= LAST_YEAR:
                return found
    note(problems, field, "no day between 1870 and 2150", value)
    return None


def names(
    value: Any, field: str, problems: list[Problem], *, most: int, wanted: Callable[[Any], bool] = lambda entry: True
) -> list[str]:
    """Read the names of a list of objects (or of plain texts), in order, none twice.

    Parameters
    ----------
    most : int
        Names that are kept.
    wanted : callable
        Which entries count.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        note(problems, field, "no list", value)
        return []
    found: dict[str, None] = {}
    for entry in value:
        if not wanted(entry):
            continue
        raw = entry.get("name") if isinstance(entry, dict) else entry
        name = text(raw, field, problems, longest=200) if isinstance(raw, str) else None
        if name is None:
            note(problems, field, "an entry without a name", entry)
        else:
            found[name] = None
        if len(found) == most:
            break
    return list(found)


def _shown(value: Any) -> str:
    try:
        return str(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, a tree without end
        return type(value).__name__
