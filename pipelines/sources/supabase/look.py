"""A look at a Supabase project, for the doctor: does it take the key, may the table be read, how are tokens signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.settings_sections import LimitSettings, SupabaseSettings
from pipelines.sources.http import GaveUpError, Policy, Reply, Service, Transport, run_async
from pipelines.sources.supabase.answers import Judging, Page
from pipelines.sources.supabase.keys import key_headers, secret_of
from warehouse.errors import ConfigError, SourceUnavailableError

JWKS = "auth/v1/.well-known/jwks.json"


@dataclass(frozen=True)
class Looked:
    """What was found.

    Attributes
    ----------
    key_kind : str
        ``secret`` (sb_secret_…) or ``service_role`` (a JWT of an older project).
    signing_keys : int
        Public keys that users' tokens are checked with; 0 for a project that asks Supabase about each token.
    clock_ahead_seconds : float or None
        How far its clock is before ours; None where it does not say.
    """

    key_kind: str
    signing_keys: int
    clock_ahead_seconds: float | None


def look(
    url: str, key: str, settings: SupabaseSettings, *, seconds: float, transport: Transport | None = None
) -> Looked:
    """Read one row of the table and the project's signing keys, each in one try.

    Raises
    ------
    ConfigError, SourceError
        If the key is refused, the table may not be read or is not there, or nothing answers.
    """
    return run_async(_look(url, key, settings, seconds, transport))


async def _look(url: str, key: str, settings: SupabaseSettings, seconds: float, transport: Transport | None) -> Looked:
    base = url.strip().rstrip("/").removesuffix("/rest/v1")
    if not base.startswith(("http://", "https://")):
        raise ConfigError("SUPABASE_URL is not a web address; it looks like https://<project>.supabase.co")
    limit = int(LimitSettings().answer_mb * 2**20)
    policy = Policy(timeout_seconds=seconds, answer_seconds=seconds, answer_bytes=limit, attempts=1)
    headers = {} if settings.db_schema == "public" else {"Accept-Profile": settings.db_schema}
    columns = settings.columns
    wanted = ",".join((columns.user_id, columns.movie_id, columns.rating))
    async with Service(
        "Supabase", f"{base}/", policy, secret=secret_of(key), headers=headers, transport=transport
    ) as service:
        try:
            page: Page = await service.ask(
                f"rest/v1/{settings.table}", Judging(base, settings), {"select": wanted, "limit": 1}
            )
            keys = await service.ask(JWKS, _count_keys)
        except GaveUpError as error:
            raise SourceUnavailableError(f"Supabase: {error}; check SUPABASE_URL") from error
    ahead = (page.clock - datetime.now(UTC)).total_seconds() if page.clock else None
    return Looked("service_role" if "Authorization" in key_headers(key) else "secret", keys, ahead)


def _count_keys(reply: Reply) -> int:
    if not reply.is_success:
        return 0
    try:
        keys = reply.json().get("keys", [])
    except (ValueError, AttributeError):
        return 0
    return len(keys) if isinstance(keys, list) else 0
