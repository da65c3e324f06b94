"""What the routes share: the settings, the release being served, who may ask, and the counts."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request

from pipelines.settings import Settings
from pipelines.sources.events.lines import SHOWN
from pipelines.sources.http import Transport
from pipelines.sources.llm.chat import Chat
from pipelines.sources.spotify.client import SpotifyClient
from pipelines.sources.supabase.live import LiveRatings
from pipelines.sources.tmdb.discovery import Discovery
from serving.auth.access import Access
from serving.auth.issuer import Issuer
from serving.auth.keys import ApiKeys
from serving.auth.tokens import Tokens
from serving.http.connections import Connections
from serving.http.errors import Problem, no_release
from serving.http.limits import Limiter, is_local, source_of
from serving.lists.everybody import Picks
from serving.lists.live import Live
from serving.lists.looks import Looks
from serving.metrics import Metrics
from serving.outside import Outside
from serving.snapshot import Snapshot
from serving.snapshots import Snapshots
from serving.words.llm import LlmReader
from warehouse.inbox import InboxLog


@dataclass(frozen=True)
class Context:
    """One application's parts."""

    settings: Settings
    snapshots: Snapshots
    access: Access
    live: Live
    looks: Looks
    metrics: Metrics
    limiter: Limiter
    issuer: Issuer | None
    ratings: LiveRatings | None
    feedback: InboxLog | None
    exposures: InboxLog | None
    llm: LlmReader | None
    discovery: Discovery | None
    tmdb_answers: Outside
    music: SpotifyClient | None
    music_answers: Outside

    def snapshot(self) -> Snapshot:
        """Return the release to answer from; take it once and hold it.

        Raises
        ------
        Problem
            503 while there is none.
        """
        snapshot = self.snapshots.current
        if snapshot is None:
            raise no_release()
        return snapshot

    def snapshot_for(self, user_id: str) -> Snapshot:
        """Return the release that somebody is served from; take it once and hold it.

        Raises
        ------
        Problem
            503 while there is none.
        """
        snapshot = self.snapshots.for_user(user_id)
        if snapshot is None:
            raise no_release()
        return snapshot

    async def gave(self, snapshot: Snapshot, user_id: str, strategy: str, picks: Picks) -> None:
        """Count a list, and where that is asked for write down what it showed whom, in a form that ingest reads."""
        self.metrics.gave(strategy)
        self.metrics.gave_from(snapshot.release_id)
        if self.exposures is None or snapshot.forgot(user_id):
            return
        moment = datetime.now(UTC).isoformat()
        ids = snapshot.films.films.movie_ids
        lines = [
            {"user_id": user_id, "movie_id": int(ids[place]), "event": SHOWN, "timestamp": moment, "rank": rank,
             "release_id": snapshot.release_id, "strategy": strategy}
            for rank, place in enumerate(picks.places, start=1)
        ]  # fmt: skip
        await asyncio.to_thread(self.exposures.append, lines)

    def allow_live(self, request: Request, caller: str) -> None:
        """Count one live list against its caller's allowance; the answer's headers tell what is left of it.

        Raises
        ------
        Problem
            429 when it is used up.
        """
        wait = self.limiter.take(caller)
        request.state.more_headers = self.limiter.headers(caller)
        if wait > 0:
            raise Problem(429, "too many live lists; slow down", headers={"Retry-After": str(math.ceil(wait))})

    def allow_wish(self, request: Request) -> None:
        """Count one list made from a request against its address; a backend with an API key is trusted, and whoever
        sits at this machine.

        Raises
        ------
        Problem
            429 when the allowance is used up.
        """
        if not self.access.has_key(request) and not is_local(request):
            self.allow_live(request, f"address {source_of(request)}")


def make_context(
    settings: Settings, upstream: Transport | None = None, connections: Connections | None = None
) -> Context:
    """Put the parts together; nothing is opened or asked yet."""
    serving, url = settings.serving, settings.supabase_url
    key = settings.supabase_key.get_secret_value() if settings.supabase_key else ""
    issuer = Issuer(url, key, transport=upstream) if url else None
    ratings = LiveRatings(url, key, settings.supabase, transport=upstream) if url and key else None
    named = settings.supabase.issuer or (f"{url.rstrip('/')}/auth/v1" if url else "")
    metrics = Metrics(connections)
    inbox = InboxLog(settings.folder.inbox, max_bytes=serving.feedback_file_mb * 1e6) if serving.feedback else None
    return Context(
        settings=settings,
        snapshots=Snapshots(settings.folder, serving),
        access=Access(ApiKeys(serving.api_keys), Tokens(issuer, named) if issuer else None),
        live=Live(ratings, metrics, seconds=serving.live_seconds, min_ratings=serving.min_ratings),
        looks=Looks(ratings, seconds=serving.live_seconds),
        metrics=metrics,
        limiter=Limiter(serving.live_rate, serving.live_burst),
        issuer=issuer,
        ratings=ratings,
        feedback=inbox,
        exposures=InboxLog(settings.folder.inbox, max_bytes=serving.feedback_file_mb * 1e6)
        if serving.exposure_log
        else None,
        llm=LlmReader(Chat(settings.llm), settings.llm) if settings.llm.is_on else None,
        discovery=Discovery.of(settings),
        tmdb_answers=Outside(
            "TMDB", seconds=settings.tmdb.discovery_seconds, kept_seconds=60 * settings.tmdb.discovery_minutes
        ),
        music=_music(settings),
        music_answers=Outside(
            "Spotify", seconds=settings.spotify.seconds, kept_seconds=60 * settings.spotify.kept_minutes
        ),
    )


def _music(settings: Settings) -> SpotifyClient | None:
    key, secret = settings.spotify_client_id, settings.spotify_client_secret
    if key is None or secret is None:
        return None
    rate = settings.spotify.rate / settings.serving.workers
    return SpotifyClient(settings.spotify, key, secret.get_secret_value(), rate=rate)


def context_of(request: Request) -> Context:
    """Return the application's parts."""
    context: Context = request.app.state.context
    return context
