"""How a user_id is spelled."""

from __future__ import annotations

import re

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


def canonical(user_id: str) -> str:
    """Return a user_id as releases spell it: a bare number is MovieLens's, a UUID is in lower case."""
    if user_id.isascii() and user_id.isdigit():
        return f"ml_{user_id}"
    return user_id.lower() if UUID.match(user_id) else user_id
