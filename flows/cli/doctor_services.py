"""What the doctor finds out about other services, each asked once and briefly."""

from __future__ import annotations

from collections.abc import Iterator

from flows.cli.findings import Finding
from pipelines.settings import Settings
from warehouse.errors import PlaybillError

SECONDS = 5.0
CLOCK_OFF_SECONDS = 60.0


def services(settings: Settings) -> Iterator[Finding]:
    """Look at Prefect, MLflow, TMDB and Supabase in turn."""
    yield _prefect(settings)
    yield _mlflow(settings)
    yield _tmdb(settings)
    yield from _supabase(settings)


def _prefect(settings: Settings) -> Finding:
    if not settings.prefect_api_url:
        return Finding("note", "prefect", "PREFECT_API_URL is not set: `playbill run` needs no server")
    from pipelines.sources.http import answers

    if answers(f"{settings.prefect_api_url}/health", SECONDS):
        return Finding("ok", "prefect", f"{settings.prefect_api_url} answers")
    found = f"{settings.prefect_api_url} does not answer; start it with `prefect server start`"
    return Finding("problem", "prefect", found)


def _mlflow(settings: Settings) -> Finding:
    from pipelines.registry import without_password

    uri = settings.mlflow_tracking_uri
    if not uri:
        return Finding("ok", "mlflow", f"runs are tracked in {settings.mlruns / 'mlflow.db'}")
    if not uri.startswith(("http://", "https://")):
        return Finding("ok", "mlflow", f"runs are tracked in {without_password(uri)}")
    from pipelines.sources.http import answers

    if answers(f"{uri.rstrip('/')}/health", SECONDS):
        return Finding("ok", "mlflow", f"{without_password(uri)} answers")
    return Finding("problem", "mlflow", f"{without_password(uri)} does not answer; runs go on without being tracked")


def _tmdb(settings: Settings) -> Finding:
    from pipelines.settings_sections import LimitSettings
    from pipelines.sources.http import run_async
    from pipelines.sources.tmdb.client import TmdbClient
    from pipelines.sources.tmdb.key import HOW_TO_GET_ONE, find_key

    brief = settings.tmdb.model_copy(update={"attempts": 1, "timeout_seconds": SECONDS, "patience_seconds": 0.0})

    async def check() -> None:
        assert key is not None  # noqa: S101 - told above
        async with TmdbClient(brief, key, LimitSettings()) as client:
            await client.check()

    try:
        key = find_key(settings)
        if key is None:
            return Finding("note", "tmdb", f"no key: films keep what MovieLens says of them; {HOW_TO_GET_ONE}")
        run_async(check())
    except PlaybillError as error:
        return Finding("problem", "tmdb", str(error))
    return Finding("ok", "tmdb", f"{settings.tmdb.base_url} answers and takes {key.name}")


def _supabase(settings: Settings) -> Iterator[Finding]:
    url, key = settings.supabase_url, settings.supabase_key
    secret = key.get_secret_value().strip() if key else ""
    if not url and not secret and not settings.supabase_db_url:
        yield Finding("note", "supabase", "not set: no app's ratings are read")
        return
    if not url or not secret:
        missing = "SUPABASE_URL" if not url else "SUPABASE_SECRET_KEY"
        state = "note" if settings.supabase_db_url else "problem"
        yield Finding(state, "supabase", f"{missing} is not set; the Data API needs both")
        return
    from pipelines.sources.supabase.look import look

    try:
        found = look(url, secret, settings.supabase, seconds=SECONDS)
    except PlaybillError as error:
        yield Finding("problem", "supabase", str(error))
        return
    table = f"{settings.supabase.db_schema}.{settings.supabase.table}"
    yield Finding("ok", "supabase", f"takes the {found.key_kind} key, and {table} may be read (GRANT is there)")
    tokens = (
        f"{found.signing_keys} public keys" if found.signing_keys else "no public key: Supabase is asked about each"
    )
    yield Finding("ok", "users' tokens", tokens)
    if found.clock_ahead_seconds is not None:
        off = abs(found.clock_ahead_seconds)
        state = "problem" if off > CLOCK_OFF_SECONDS else "ok"
        yield Finding(
            state, "clock", f"{off:.0f} s {'before' if found.clock_ahead_seconds > 0 else 'behind'} Supabase's"
        )
