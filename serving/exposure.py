"""Who can reach the API and what they may read: the one rule that `playbill serve` obeys and `doctor` tells.

Personal lists are closed by API keys, by Supabase's tokens, or, with neither, by listening on this machine only.
"""

from __future__ import annotations

import ipaddress

from pipelines.settings import Settings
from warehouse.errors import ConfigError

SHORTEST_KEY = 16
"""Characters of an API key; a random one of 16 cannot be guessed over a network."""


def is_open(settings: Settings) -> bool:
    """Tell whether anybody who reaches the API may read everything: neither keys nor a Supabase project are set."""
    return not settings.serving.api_keys and not settings.supabase_url


def exposure_problem(settings: Settings, host: str) -> str | None:
    """Return why the API may not be served on an address, with what to do; None if it may.

    Beyond this machine it needs API keys, or a Supabase project with its secret key: the URL alone is half a
    configuration, with which no backend could read a list and no older project's token could be checked.
    """
    lengths = [len(key.get_secret_value()) for key in settings.serving.api_keys]
    if lengths and min(lengths) < SHORTEST_KEY:
        return (
            f"an API key in PLAYBILL_SERVING__API_KEYS has {min(lengths)} characters, fewer than {SHORTEST_KEY}; make "
            "one with `openssl rand -hex 24`"
        )
    if lengths or (settings.supabase_url and settings.supabase_key) or is_loopback(host):
        return None
    missing = "SUPABASE_SECRET_KEY beside SUPABASE_URL" if settings.supabase_url else "SUPABASE_URL with its secret key"
    return (
        f"serving on {host} needs to know who may read whose lists; set PLAYBILL_SERVING__API_KEYS or {missing}, or "
        "listen on 127.0.0.1"
    )


def check_exposure(settings: Settings, host: str) -> None:
    """Refuse to start where personal lists would lie open.

    Raises
    ------
    ConfigError
        With what to do.
    """
    problem = exposure_problem(settings, host)
    if problem is not None:
        raise ConfigError(problem)


def described(settings: Settings) -> str:
    """Return in words who may read personal lists, and from where."""
    keys = len(settings.serving.api_keys)
    ways = [f"{keys} API key{'s' if keys > 1 else ''}"] if keys else []
    if settings.supabase_url:
        ways.append("Supabase's tokens")
    if not ways:
        return "no API key and no Supabase project: open to this machine, and serves loopback only"
    reach = "any address" if keys or settings.supabase_key else "loopback only"
    return f"personal lists need {' or '.join(ways)}; may be served on {reach}"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address; a name other than localhost is not believed."""
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host == "localhost"
