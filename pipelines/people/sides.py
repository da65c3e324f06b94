"""Which of several releases somebody is served from: a hash decides, so that nobody changes sides."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

CURRENT = "current"


def side_of(user_id: str, shares: Mapping[str, float], salt: str) -> str:
    """Return the release that somebody is served from, ``current`` for whoever is left over.

    Parameters
    ----------
    shares : mapping of release to share
        0 to 1 each, together at most 1; laid side by side in the order of the releases' ids, so that a person stays
        where they are when a share behind theirs changes.
    salt : str
        Another salt draws other people.
    """
    digest = hashlib.sha256(f"{salt}\0{user_id}".encode()).digest()
    point, reach = int.from_bytes(digest[:8], "big") / 2**64, 0.0
    for release_id in sorted(shares):
        reach += shares[release_id]
        if point < reach:
            return release_id
    return CURRENT
