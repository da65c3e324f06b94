"""A line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """ok, note (fine, but worth knowing) or problem; about what; and what was found."""

    state: str
    about: str
    found: str
