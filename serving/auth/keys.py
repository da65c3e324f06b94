"""API keys: for backends, which may read everybody's lists."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from pydantic import SecretStr


class ApiKeys:
    """Compare a presented key with all configured ones, in a time that tells nothing about them.

    Several may be valid at once, so that a key can be replaced: add the new one, move the callers, drop the old one.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._digests = [_digest(key.get_secret_value()) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def accept(self, presented: str) -> bool:
        """Tell whether it is one of them; every one is compared, whatever the first says."""
        digest = _digest(presented)
        return sum(hmac.compare_digest(digest, known) for known in self._digests) > 0


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
