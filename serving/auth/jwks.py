"""A project's published keys: each is read by itself, so that one that cannot be read disables no other."""

from __future__ import annotations

import json
import logging
from typing import Any

import jwt

from serving.auth.upstream import IssuerUnavailableError

log = logging.getLogger(__name__)

ALGORITHMS = {"EC": "ES256", "RSA": "RS256"}
"""Each kind of key is pinned to one algorithm, whatever a token says."""
MAX_KEYS = 100


def read_keys(body: bytes) -> dict[str, tuple[str, jwt.PyJWK]]:
    """Return (algorithm, key) by key id of those that may verify tokens; others are passed over.

    Raises
    ------
    IssuerUnavailableError
        If it is no set of keys, or names keys that should verify and not one of them can be read: a project is not to
        be taken for one without public keys.
    """
    try:
        entries = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IssuerUnavailableError("its keys cannot be read") from error
    if not isinstance(entries, list):
        raise IssuerUnavailableError("its keys are not a list")
    keys: dict[str, tuple[str, jwt.PyJWK]] = {}
    broken = 0
    for entry in entries[:MAX_KEYS]:
        try:
            keys.update(_usable(entry))
        except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
            broken += 1
            log.warning("published key passed over reason=%s", type(error).__name__)
    if broken and not keys:
        raise IssuerUnavailableError("none of its keys can be read")
    return keys


def _usable(entry: dict[str, Any]) -> dict[str, tuple[str, jwt.PyJWK]]:
    """Return the key by its id; nothing if it is of a kind, or for a use, that verifies no tokens here."""
    algorithm = ALGORITHMS.get(entry["kty"])
    if algorithm is None or entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
        return {}
    return {str(entry["kid"]): (algorithm, jwt.PyJWK(entry, algorithm))}
