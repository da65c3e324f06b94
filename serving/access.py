"""Who may read what: an API key reads everything, a token only its own person, nobody else anything personal."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from pydantic import SecretStr
from starlette.requests import Request

from serving.errors import Problem

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="playbill"'}


def canonical(user_id: str) -> str:
    """Return a user_id as releases spell it: a bare number is MovieLens's, a UUID is in lower case."""
    if user_id.isascii() and user_id.isdigit():
        return f"ml_{user_id}"
    return user_id.lower() if UUID.match(user_id) else user_id


class ApiKeys:
    """Compare a presented key with all configured ones, in a time that tells nothing about them."""

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


class Access:
    """Decides on every personal answer. With nothing configured the API is open, on loopback only."""

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    @property
    def configured(self) -> bool:
        """Whether anybody is ever refused."""
        return bool(self._keys)

    async def require(self, request: Request, *user_ids: str) -> None:
        """Let the request read what is derived from these people's stored data, or refuse it.

        Raises
        ------
        Problem
            401 without a credential that is valid; 403 with a token of somebody else. Whether a user_id exists
            plays no part.
        """
        presented = request.headers.get("x-api-key")
        if presented is not None and self._keys:
            if self._keys.accept(presented):
                return
            raise Problem(401, "the API key is not valid", headers=CHALLENGE)
        if self.configured:
            raise Problem(401, "this needs an API key in X-API-Key or a bearer token", headers=CHALLENGE)
