"""TMDB's key: which one is configured, and where in a request it belongs."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.settings import Settings
from pipelines.sources.http import Secret
from warehouse.errors import ConfigError

HOW_TO_GET_ONE = "set TMDB_READ_TOKEN (or TMDB_API_KEY), free at https://www.themoviedb.org/settings/api"


@dataclass(frozen=True)
class TmdbKey:
    """One of TMDB's two kinds of key.

    Attributes
    ----------
    value : str
        A read access token (three parts with dots) or an API key (32 hex digits); never shown.
    name : str
        The setting it came from, for messages.
    """

    value: str = field(repr=False)
    name: str

    @property
    def secret(self) -> Secret:
        """The key as it is sent: a token in the Authorization header, an API key in the query."""
        if self.value.count(".") == 2:
            return Secret(headers={"Authorization": f"Bearer {self.value}"})
        return Secret(query={"api_key": self.value})


def find_key(settings: Settings) -> TmdbKey | None:
    """Return the key that is configured, the read token first; blank counts as none.

    Raises
    ------
    ConfigError
        If it cannot be a key at all; the message does not repeat it.
    """
    for name, secret in (("TMDB_READ_TOKEN", settings.tmdb_read_token), ("TMDB_API_KEY", settings.tmdb_api_key)):
        value = secret.get_secret_value().strip() if secret else ""
        if value and not (value.isascii() and value.isprintable() and " " not in value):
            raise ConfigError(f"{name} holds a character that no key has; copy it again, without quotes or spaces")
        if value:
            return TmdbKey(value, name)
    return None
