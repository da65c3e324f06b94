"""A Supabase project's key: which of its two kinds it is, and in which headers it belongs."""

from __future__ import annotations

import base64
import binascii
import json

from pipelines.sources.http import Secret
from warehouse.errors import ConfigError


def key_headers(key: str) -> dict[str, str]:
    """Return the headers that a key belongs in: a new one in ``apikey`` only, a JWT in ``Authorization`` too.

    Raises
    ------
    ConfigError
        If it is a publishable or anon key, which sees nothing behind row level security.
    """
    key = key.strip()
    if not key or not key.isascii() or any(ch.isspace() for ch in key):
        raise ConfigError("SUPABASE_SECRET_KEY is empty or has spaces in it; copy it again from the project's API keys")
    if key.startswith("sb_secret_"):
        return {"apikey": key}
    if key.startswith("sb_publishable_") or _role(key) in ("anon", "authenticated"):
        raise ConfigError(
            "the Supabase key is the public one, which may read no one's ratings; set SUPABASE_SECRET_KEY to the "
            "project's secret key (sb_secret_…), or SUPABASE_SERVICE_ROLE_KEY to an older project's service_role key"
        )
    return {"apikey": key, "Authorization": f"Bearer {key}"}


def secret_of(key: str) -> Secret:
    """Return the key as the sources send it, to its own host only."""
    return Secret(headers=key_headers(key))


def _role(key: str) -> str | None:
    """Read the role out of a legacy key; it is only looked at, not trusted."""
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return claims.get("role") if isinstance(claims, dict) else None
