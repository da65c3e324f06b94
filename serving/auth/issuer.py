"""Supabase Auth as the API asks it: its public keys, and, in older projects, whether a token is good."""

from __future__ import annotations

import asyncio
import logging
import time

import httpx
import jwt

from pipelines.sources.supabase.live import key_headers
from serving.http.limits import Bucket

log = logging.getLogger(__name__)

Transport = httpx.AsyncBaseTransport
"""What carries requests to Supabase; tests put something else in the network's place."""

FRESH_SECONDS = 600.0
"""Keys older than this are fetched anew; Supabase caches its own answer as long."""
LAST_RESORT_SECONDS = 3600.0
"""Keys are believed no longer than this while Supabase does not answer."""
KEEP_FRESH_SECONDS = 300.0
RETRY_SECONDS = 0.02
ALGORITHMS = {"EC": "ES256", "RSA": "RS256"}


class IssuerUnavailableError(Exception):
    """Supabase Auth does not answer, so nothing can be said about a token."""


class Issuer:
    """The keys of one project, kept fresh in the background; every request to it is bounded in time and number."""

    def __init__(self, url: str, key: str, *, transport: Transport | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/auth/v1/", transport=transport, timeout=5.0, headers={"User-Agent": "playbill"}
        )
        self._key = key
        self._keys: dict[str, tuple[str, jwt.PyJWK]] = {}
        self._fetched: float | None = None
        self._fetching = asyncio.Lock()
        # somebody may send one made-up key id after another: three fetches at once, then one in ten seconds
        self._refetches = Bucket(rate=0.1, burst=3)
        self._questions = Bucket(rate=50.0, burst=100)

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
        if self._questions.take() > 0:
            raise IssuerUnavailableError("too many tokens to ask about")
        headers = {"apikey": key_headers(self._key)["apikey"], "Authorization": f"Bearer {token}"}
        response = await self._get("user", headers, seconds)
        if response.status_code != 200:
            return None
        try:
            body = response.json()
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
        await self._client.aclose()

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
                response = await self._get(".well-known/jwks.json", {}, seconds)
        except TimeoutError as error:
            raise IssuerUnavailableError("it is too slow") from error
        if response.status_code == 404:
            self._keys = {}
        elif response.status_code == 200:
            self._keys = _read_keys(response)
        else:
            raise IssuerUnavailableError(f"it answered {response.status_code}")
        self._fetched = time.monotonic()

    async def _get(self, path: str, headers: dict[str, str], seconds: float) -> httpx.Response:
        """Ask, again after a failure that may pass, until the time is up."""
        wait = RETRY_SECONDS
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        response = await self._client.get(path, headers=headers)
                        if response.status_code < 500 and response.status_code != 429:
                            return response
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(wait)
                    wait *= 2
        except TimeoutError as error:
            raise IssuerUnavailableError("it is too slow") from error


def _read_keys(response: httpx.Response) -> dict[str, tuple[str, jwt.PyJWK]]:
    """Return the keys that may verify: each is pinned to the one algorithm of its kind, whatever a token says."""
    try:
        entries = response.json()["keys"]
        found: dict[str, tuple[str, jwt.PyJWK]] = {}
        for entry in entries:
            algorithm = ALGORITHMS.get(entry.get("kty"))
            usable = (
                algorithm is not None and entry.get("use", "sig") == "sig" and entry.get("alg", algorithm) == algorithm
            )
            if algorithm and usable and "kid" in entry:
                found[str(entry["kid"])] = (algorithm, jwt.PyJWK(entry, algorithm))
    except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise IssuerUnavailableError("its keys cannot be read") from error
    return found
