"""Supabase Auth as the API asks it: its public keys, and, in older projects, whether a token is good."""

from __future__ import annotations

import asyncio
import logging
import time

import jwt

from pipelines.sources.http import Transport
from pipelines.sources.supabase.keys import key_headers
from serving.auth.jwks import read_keys
from serving.auth.upstream import IssuerUnavailableError, Upstream
from serving.http.limits import Bucket

log = logging.getLogger(__name__)

FRESH_SECONDS = 600.0
"""Keys older than this are fetched anew; Supabase caches its own answer as long."""
LAST_RESORT_SECONDS = 3600.0
"""Keys are believed no longer than this while Supabase does not answer."""
KEEP_FRESH_SECONDS = 300.0
REFUSED_STATUS = frozenset({400, 401, 403, 404})
"""How Supabase says that a token is not good; anything else says nothing about the token."""


class Issuer:
    """The keys of one project, kept fresh in the background; every request to it is bounded in time and size."""

    def __init__(self, url: str, key: str, *, transport: Transport | None = None) -> None:
        self._upstream = Upstream(url, transport)
        self._key = key
        self._keys: dict[str, tuple[str, jwt.PyJWK]] = {}
        self._fetched: float | None = None
        self._fetching = asyncio.Lock()
        # somebody may send one made-up key id after another: three fetches at once, then one in ten seconds
        self._refetches = Bucket(rate=0.1, burst=3)

    async def public_key(self, kid: str, *, seconds: float) -> tuple[str, jwt.PyJWK] | None:
        """Return (algorithm, key) of a key id, or None if the project has no such key.

        Raises
        ------
        IssuerUnavailableError
            If the keys cannot be had within ``seconds``.
        """
        await self._have_keys(seconds)
        if kid not in self._keys and self._refetches.take() == 0:
            try:
                await self._fetch(seconds)
            except IssuerUnavailableError as error:
                log.warning("keys not refetched reason=%s", error)
        return self._keys.get(kid)

    async def has_public_keys(self, *, seconds: float) -> bool:
        """Tell whether the project signs with public keys; one that has none signs with a shared secret (HS256)."""
        await self._have_keys(seconds)
        return bool(self._keys)

    async def user_of(self, token: str, *, seconds: float) -> str | None:
        """Ask Supabase whose a token is; None if it says that it is not good.

        Raises
        ------
        IssuerUnavailableError
            If it does not say within ``seconds``.
        """
        headers = {"apikey": key_headers(self._key)["apikey"], "Authorization": f"Bearer {token}"}
        answer = await self._upstream.get("user", headers, seconds)
        if answer.status in REFUSED_STATUS:
            return None
        if answer.status != 200:
            raise IssuerUnavailableError(f"it answered {answer.status}")
        try:
            body = answer.json()
        except ValueError as error:
            raise IssuerUnavailableError("its answer is not JSON") from error
        return str(body["id"]) if isinstance(body, dict) and "id" in body else None

    async def freshen(self) -> None:
        """Fetch the keys if they are getting old; called now and then, so that no request has to wait for them.

        Raises
        ------
        IssuerUnavailableError
            If they cannot be had.
        """
        if self._age() >= KEEP_FRESH_SECONDS:
            await self._fetch(5.0)

    async def close(self) -> None:
        """Close the connections."""
        await self._upstream.close()

    async def _have_keys(self, seconds: float) -> None:
        age = self._age()
        if age < FRESH_SECONDS:
            return
        try:
            await self._fetch(seconds)
        except IssuerUnavailableError:
            if age > LAST_RESORT_SECONDS:
                raise

    def _age(self) -> float:
        return float("inf") if self._fetched is None else time.monotonic() - self._fetched

    async def _fetch(self, seconds: float) -> None:
        before = self._fetched
        try:
            async with asyncio.timeout(seconds), self._fetching:
                if self._fetched != before:
                    return
                answer = await self._upstream.get(".well-known/jwks.json", {}, seconds)
        except TimeoutError as error:
            raise IssuerUnavailableError("it is too slow") from error
        if answer.status == 404:
            self._keys = {}
        elif answer.status == 200:
            self._keys = read_keys(answer.content)
        else:
            raise IssuerUnavailableError(f"it answered {answer.status}")
        self._fetched = time.monotonic()
