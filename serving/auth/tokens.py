"""Bearer tokens of Supabase Auth: verified here with the project's public keys, or, for HS256, by asking it."""

from __future__ import annotations

import math
import time
from typing import Any

import jwt
from jwt.types import Options

from pipelines.people.identity import UUID
from serving.auth.answers import KnownTokens
from serving.auth.issuer import Issuer
from serving.http.errors import Problem
from serving.http.limits import Limiter

ALGORITHMS = ("ES256", "RS256", "HS256")
AUDIENCE = "authenticated"
LEEWAY_SECONDS = 5
ASKED_A_SECOND, ASKED_AT_ONCE = 5.0, 20
"""Tokens of one source that Supabase is asked about; those it has told of in the last minute are not counted."""
MAX_TOKEN_BYTES = 8_192
CLAIMS: Options = {"require": ["exp", "sub", "aud", "iss"], "verify_exp": True, "verify_nbf": True,
                          "verify_aud": True, "verify_iss": True}  # fmt: skip
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="playbill"'}


def refused() -> Problem:
    """Return the one answer to every token that is not good; it does not say what is wrong with it."""
    challenge = {"WWW-Authenticate": 'Bearer realm="playbill", error="invalid_token"'}
    return Problem(401, "the token is not valid", headers=challenge)


class Tokens:
    """Tells whose a token is."""

    def __init__(self, issuer: Issuer, issuer_url: str) -> None:
        self._issuer, self._issuer_url = issuer, issuer_url
        self._known = KnownTokens()
        self._askers = Limiter(ASKED_A_SECOND, ASKED_AT_ONCE)

    async def subject(self, token: str, *, source: str, seconds: float) -> str:
        """Return the user_id a token proves.

        Parameters
        ----------
        source : str
            Where the request came from: tokens that only Supabase can tell about are counted by it.

        Raises
        ------
        Problem
            401 if it proves nothing; 429 if it is one of too many from there.
        IssuerUnavailableError
            If Supabase is needed to tell and does not answer within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        try:
            header = jwt.get_unverified_header(token) if len(token) <= MAX_TOKEN_BYTES else {}
            if header.get("alg") not in ALGORITHMS:
                raise refused()
            # cheap refusals first: nothing that cannot be good makes Supabase work
            claims = self._claims(token, {"verify_signature": False})
            if header.get("alg") == "HS256":
                await self._ask(token, str(claims["sub"]), source, deadline)
            else:
                claims = await self._verify(token, header, deadline)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise refused() from error
        subject = str(claims["sub"]).lower()
        if not UUID.match(subject):
            raise refused()
        return subject

    async def _verify(self, token: str, header: dict[str, Any], deadline: float) -> dict[str, Any]:
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise refused()
        known = await self._issuer.public_key(kid, seconds=deadline - time.monotonic())
        if known is None or known[0] != header.get("alg"):
            raise refused()
        return self._claims(token, {}, key=known[1], algorithms=[known[0]])

    async def _ask(self, token: str, subject: str, source: str, deadline: float) -> None:
        """Let Supabase say whether a token of a project without public keys is good, and whose."""
        if await self._issuer.has_public_keys(seconds=deadline - time.monotonic()):
            raise refused()
        known = self._known.find(token)
        if known is None:
            wait = self._askers.take(source)
            if wait > 0:
                raise Problem(429, "too many tokens that are new here", headers={"Retry-After": str(math.ceil(wait))})
            known = (await self._issuer.user_of(token, seconds=deadline - time.monotonic()),)
            self._known.keep(token, known[0])
        if known[0] != subject:
            raise refused()

    def _claims(self, token: str, options: Options, **keys: Any) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token, audience=AUDIENCE, issuer=self._issuer_url, leeway=LEEWAY_SECONDS,
            options={**CLAIMS, **options}, **keys,
        )  # fmt: skip
        return claims
