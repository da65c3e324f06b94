"""How people are called: the only place that spells a user id.

=============  =================================================  ======================================
person of      spelled                                            read by
=============  =================================================  ======================================
MovieLens      ``ml_`` and the set's number                       `of_movielens`, ``movielens_user`` in SQL
the sample     ``sample_`` and a number                           `of_sample`
the app        the UUID in lower case; another id: ``app_`` + it  `of_app` (its table), and a token's sub
a log          a UUID, or an id that is spelled as here, as it    `of_log`
               is; another id: ``ev_`` and it
a caller       a bare number is MovieLens's                       `of_request` (HTTP, the command line)
=============  =================================================  ======================================

An id that is spelled as here comes back as it is from `of_log` and `of_request`, however often: what an API tells, an
app may send back. The app's own table is another matter, as its people choose no ids of other sources: ``sample_10``
there is ``app_sample_10``.
"""

from __future__ import annotations

import re
from typing import Any

LONGEST_ID = 200
"""Characters of an id as its source has it; a prefix comes on top."""
LONGEST_USER_ID = LONGEST_ID + len("app_")
NO_ID = "user_id is empty, too long or unprintable"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
OWN = re.compile(r"(?:ml|sample)_(?:0|[1-9][0-9]{0,17})\Z|(?:ev|app)_.", re.DOTALL)
NUMBER = re.compile(r"[0-9]{1,18}\Z")
OF_DATA_SET = r"^(?:ml|sample)_[0-9]{1,18}$"
"""People whose ids are no secret: numbers of a published data set, or made up."""
SQL_MACROS = {"movielens_user(number)": "'ml_' || number"}
"""What SQL needs of this module, made into macros of the warehouse."""


def of_movielens(number: int) -> str:
    """Return the user id of a person of a MovieLens set."""
    return f"ml_{number}"


def movielens_number(user_id: str) -> int | None:
    """Return the number that a MovieLens set knows somebody by; None if they are of another source."""
    return int(user_id[3:]) if user_id.startswith("ml_") and OWN.match(user_id) else None


def of_sample(number: int) -> str:
    """Return the user id of one of the sample's people, from 1."""
    return f"sample_{number}"


def of_app(value: Any) -> str:
    """Return the user id of somebody in the app's own table.

    Raises
    ------
    ValueError
        If it is no id; the message holds nothing of it.
    """
    text = _text(value)
    if len(text) > LONGEST_ID:
        raise ValueError(NO_ID)
    return text.lower() if UUID.match(text) else f"app_{text}"


def of_log(value: Any) -> str:
    """Return the user id of somebody in an interaction log.

    Raises
    ------
    ValueError
        If it is no id; the message holds nothing of it.
    """
    text = _text(value)
    if UUID.match(text):
        return text.lower()
    return text if OWN.match(text) else f"ev_{text}"


def of_request(text: str) -> str:
    """Return the user id that a caller means: as given, but for bare numbers (MovieLens's) and UUIDs (lower case)."""
    if NUMBER.match(text):
        return of_movielens(int(text))
    return text.lower() if UUID.match(text) else text


def spelled_as(text: str) -> tuple[str, ...]:
    """Return the user ids that somebody may mean who gives an id as their own source has it."""
    named = of_request(text)
    try:
        return tuple(dict.fromkeys((named, of_log(text), of_app(text))))
    except ValueError:
        return (named,)


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("user_id is missing or no text")  # noqa: TRY004 - one error for all that is no id
    text = value.strip() if isinstance(value, str) else str(value) if abs(value) < 10**LONGEST_ID else ""
    prefix = text.partition("_")[0] if OWN.match(text) else ""
    if not 0 < len(text) - len(prefix) - bool(prefix) <= LONGEST_ID or not text.isprintable():
        raise ValueError(NO_ID)
    return text
