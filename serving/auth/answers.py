"""What Supabase said of tokens that only it can tell about, kept for a minute, so that nobody makes it say it twice.

A token stands here as its SHA-256. A refusal that is kept costs a forger's next request nothing; an acceptance that is
kept lets a person in while others flood the door. A token that was revoked is believed for up to that minute.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

KEPT_SECONDS = 60.0
MAX_TOKENS = 20_000


class KnownTokens:
    """Whose each token is, or that it is nobody's; the longest unseen are forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._subjects: OrderedDict[bytes, tuple[float, str | None]] = OrderedDict()

    def find(self, token: str) -> tuple[str | None] | None:
        """Return (whose it is,) with None for nobody's, or None if nothing is known of it."""
        digest = _digest(token)
        known = self._subjects.get(digest)
        if known is None:
            return None
        if self._clock() >= known[0]:
            del self._subjects[digest]
            return None
        self._subjects.move_to_end(digest)
        return (known[1],)

    def keep(self, token: str, subject: str | None) -> None:
        """Keep whose a token is, or that it is nobody's."""
        self._subjects[_digest(token)] = (self._clock() + KEPT_SECONDS, subject)
        if len(self._subjects) > MAX_TOKENS:
            self._subjects.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
