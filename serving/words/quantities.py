"""Years and lengths in a wish: "the late 80s", "before 1970", "under two hours"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from serving.words.plan import Piece

FIRST_YEAR, LAST_YEAR = 1870, 2200
RECENT_YEARS = 5
OLD_BEFORE, CLASSIC_BEFORE = 1980, 1990
SHORT_MINUTES, LONG_MINUTES = 90, 150
ABOUT_MINUTES = 10

DECADE_WORDS = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
    "eighties": 1980, "nineties": 1990, "noughties": 2000, "two thousands": 2000,
}  # fmt: skip
NUMBER_WORDS = {"an": 1, "a": 1, "one": 1, "two": 2, "three": 3, "four": 4}
PARTS = {"early": (0, 3), "mid": (4, 6), "middle": (4, 6), "late": (7, 9)}

_YEAR = r"((?:18|19|20|21)\d\d)"
_DECADE = rf"(?:((?:18|19|20)\d0)s|(\d0)s|({'|'.join(DECADE_WORDS)}))"
_UNDER = (
    r"(?:under|below|less than|shorter than|at most|max|maximum|not longer than|no longer than|no more than|within"
    r"|up to)"
)
_OVER = r"(?:over|above|more than|longer than|at least|min|minimum)"
_ABOUT = r"(?:about|around|roughly|approximately)"
_LENGTH = (
    r"(?:(?:(\d{1,2}|an|one|two|three|four) ?(?:hours?|hrs?|h)(?: and)?(?: (a half|half))?"
    r"(?: ?(\d{1,2}) ?(?:minutes?|mins?|m)?)?)"
    r"|(?:(\d{1,3}) ?(?:minutes?|mins?|min|m)))"
)
_HALF = r"(an|one|two|three) and a half hours?"


@dataclass(frozen=True)
class Quantity:
    """A piece, and which characters of the plain text it was read from."""

    piece: Piece
    start: int
    end: int


def read_quantities(text: str, newest_year: int) -> list[Quantity]:
    """Return the years and lengths that a plain text names, as far as they do not overlap.

    Parameters
    ----------
    text : str
        Lower case, no punctuation.
    newest_year : int
        Of the catalogue: what "recent" counts back from.
    """
    patterns = (
        (rf"\b(?:(early|mid|middle|late) )?{_DECADE}\b", lambda m: _decade(m, newest_year)),
        (rf"\b(?:between|from) {_YEAR} (?:and|to|until|till) {_YEAR}\b", lambda m: (int(m[1]), int(m[2]))),
        (rf"\b(?:since|from|starting|not older than|no older than) {_YEAR}(?: on| onwards| and later)?\b",
         lambda m: (int(m[1]), None) if "since" in m[0] or "on" in m[0].split()[-1] or "older" in m[0]
         else (int(m[1]), int(m[1]))),
        (rf"\b(?:until|till|up to|(?:no|not) (?:later|newer) than) {_YEAR}\b", lambda m: (None, int(m[1]))),
        (rf"\b(?:before|older than|earlier than|prior to|pre) {_YEAR}\b", lambda m: (None, int(m[1]) - 1)),
        (rf"\b(?:after|later than|newer than|post) {_YEAR}\b", lambda m: (int(m[1]) + 1, None)),
        (rf"\b(?:of|in|released in|made in) {_YEAR}\b", lambda m: (int(m[1]), int(m[1]))),
        (rf"\b{_YEAR}\b", lambda m: (int(m[1]), int(m[1]))),
        (r"\b(?:recent|recently|newest|latest|brand new|new releases?|modern|contemporary|last few years|this year)\b",
         lambda m: (newest_year - RECENT_YEARS + 1, None)),
        (r"\b(?:old fashioned|old school|old time|(?<!year )(?<!years )old|vintage|silver screen|golden age)\b",
         lambda m: (None, OLD_BEFORE - 1)),
        (r"\bclassics?\b", lambda m: (None, CLASSIC_BEFORE - 1)),
    )  # fmt: skip
    found: list[Quantity] = []
    taken: list[tuple[int, int]] = []
    for quantity in _lengths(text):
        found.append(quantity)
        taken.append((quantity.start, quantity.end))
    for pattern, read in patterns:
        for match in re.finditer(pattern, text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            bounds = read(match)
            if bounds is None:
                continue
            taken.append((match.start(), match.end()))
            piece = Piece(kind="years", value=_years_text(*bounds), text=match[0], low=bounds[0], high=bounds[1])
            found.append(Quantity(piece, match.start(), match.end()))
    return sorted(found, key=lambda quantity: quantity.start)


def _decade(match: re.Match[str], newest_year: int) -> tuple[int, int] | None:
    part, whole, short, word = match.groups()
    if whole:
        start = int(whole)
    elif short:
        start = 1900 + int(short)
        if start + 100 <= newest_year and int(short) < 20:  # "the 00s", "the 10s"; the 20s stay those of Chaplin
            start += 100
    else:
        start = DECADE_WORDS[word]
    low, high = PARTS.get(part or "", (0, 9))
    return start + low, start + high


def _lengths(text: str) -> list[Quantity]:
    found = []
    for match in re.finditer(rf"\b(?:(?P<under>{_UNDER})|(?P<over>{_OVER})|(?P<about>{_ABOUT})) "
                             rf"(?:{_HALF}|{_LENGTH})(?= |$)", text):  # fmt: skip
        half, hours, and_half, rest, minutes = match.groups()[3:]
        if half:
            length = 60 * NUMBER_WORDS[half] + 30
        elif minutes:
            length = int(minutes)
        else:
            whole = NUMBER_WORDS.get(hours) or int(hours)
            length = 60 * whole + (30 if and_half else 0) + int(rest or 0)
        low: int | None = None
        high: int | None = None
        if match["under"]:
            high = length if match["under"] in ("at most", "max", "maximum", "up to", "within") else length - 1
            high = length if "no" in match["under"].split()[0] else high
        elif match["over"]:
            low = length
        else:
            low, high = length - ABOUT_MINUTES, length + ABOUT_MINUTES
        found.append(Quantity(_length(match[0], low, high), match.start(), match.end()))
    for pattern, low, high in (
        (r"\b(?:not too long|not long|short|quick)\b", None, SHORT_MINUTES),
        (r"\b(?:long|three hour|3 hour)(?= (?:film|movie|epic|one|drama))", LONG_MINUTES, None),
    ):
        for match in re.finditer(pattern, text):
            if not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(Quantity(_length(match[0], low, high), match.start(), match.end()))
    return found


def _length(text: str, low: int | None, high: int | None) -> Piece:
    if low is not None and high is not None:
        value = f"{low} to {high} minutes"
    else:
        value = f"at most {high} minutes" if low is None else f"at least {low} minutes"
    return Piece(kind="length", value=value, text=text, low=low, high=high)


def _years_text(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return str(low) if low == high else f"{low} to {high}"
    return f"until {high}" if low is None else f"from {low}"
