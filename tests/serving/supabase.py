"""A small Supabase for tests: one table, tokens signed with keys made here, and failures on demand."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.serving.releases import PEOPLE

URL = "https://project.supabase.example"
ISSUER = f"{URL}/auth/v1"
SERVICE_KEY = "sb_secret_of_the_tests"
HS_SECRET = "a-shared-secret-of-an-older-project"


class FakeSupabase:
    """Answers what the API asks of Supabase; ``failing`` and ``delay_seconds`` say how badly."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, tuple[float, int]]] = {}
        self.max_rows = 1000
        self.failing: list[int | str] = []
        """What the next requests get instead of an answer: a status, "drop" or "html"."""
        self.always: int | str | None = None
        self.delay_seconds = 0.0
        self.naive_times = False
        """Whether times are told without their zone, as columns of type ``timestamp`` do."""
        self.issuer = ISSUER
        self.hs256 = False
        self.more_keys: list[Any] = []
        """Entries published among the project's keys."""
        self.redirects: tuple[str, str] | None = None
        """(the end of a path, where it is redirected to)."""
        self.padding = b""
        """What is put before the published keys."""
        self.requests: list[httpx.Request] = []
        self.signing: list[tuple[str, Any, str]] = []
        self.rotate()

    @classmethod
    def with_people(cls, *users: str) -> FakeSupabase:
        """Make one with the ratings that the small release has of these people."""
        made = cls()
        for user in users:
            made.rows[user] = {movie_id: (stars, seconds) for movie_id, stars, seconds in PEOPLE[user]}
        return made

    def rate(self, user: str, movie_id: int, stars: float) -> None:
        """Let somebody rate a film at this moment."""
        self.rows.setdefault(user, {})[movie_id] = (stars, int(time.time()))

    def rotate(self, kind: str = "ES256") -> None:
        """Sign with a new key from now on; the one before is still published."""
        key: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "ES256"
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )
        self.signing = [(f"key-{len(self.requests)}-{time.monotonic_ns()}", key, kind), *self.signing[:1]]

    def token(self, sub: Any, *, kid: str | None = None, key: Any = None, alg: str | None = None, **claims: Any) -> str:
        """Return a signed token; claims that are None are left out."""
        newest, signer, kind = self.signing[0]
        now = int(time.time())
        body = {
            "iss": self.issuer,
            "sub": sub,
            "aud": "authenticated",
            "role": "authenticated",
            "iat": now,
            "exp": now + 600,
        }
        kept = {name: value for name, value in {**body, **claims}.items() if value is not None}
        return jwt.encode(kept, key or signer, algorithm=alg or kind, headers={"kid": kid or newest})

    def transport(self) -> httpx.MockTransport:
        """Return what the API's clients call instead of the network."""
        return httpx.MockTransport(self._answer)

    def asked(self, path: str) -> int:
        """Count the requests whose path ends so."""
        return sum(request.url.path.endswith(path) for request in self.requests)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        fault = self.failing.pop(0) if self.failing else self.always
        if fault == "drop":
            raise httpx.ReadError("the connection was closed", request=request)
        if fault == "html":
            return httpx.Response(502, html="<html>Bad gateway</html>")
        if isinstance(fault, int):
            return httpx.Response(fault, json={"code": "57014", "message": "canceling statement"})
        if self.redirects and request.url.path.endswith(self.redirects[0]):
            return httpx.Response(302, headers={"Location": self.redirects[1]})
        if request.url.path.endswith("jwks.json"):
            keys = [] if self.hs256 else [jwk(*entry) for entry in self.signing]
            return httpx.Response(200, content=self.padding + json.dumps({"keys": [*self.more_keys, *keys]}).encode())
        if request.url.path.endswith("/auth/v1/user"):
            return self._user(request)
        return self._rows(request)

    def _user(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, HS_SECRET, algorithms=["HS256"], audience="authenticated")
        except jwt.PyJWTError:
            return httpx.Response(403, json={"error_code": "bad_jwt"})
        return httpx.Response(200, json={"id": claims["sub"]})

    def _rows(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params
        assert request.headers["apikey"] == SERVICE_KEY
        assert "Authorization" not in request.headers
        after = int(query.get("movie_id", "gt.-1").removeprefix("gt."))
        own = self.rows.get(query["user_id"].removeprefix("eq."), {})
        matching = sorted(item for item in own.items() if item[0] > after)
        page = matching[: min(self.max_rows, int(query["limit"]))]
        rows = [
            {"movie_id": movie_id, "rating": stars, "updated_at": self._moment(seconds)}
            for movie_id, (stars, seconds) in page
        ]
        return httpx.Response(200, json=rows, headers={"Content-Range": f"0-{len(rows) - 1}/{len(matching)}"})

    def _moment(self, seconds: int) -> str:
        moment = datetime.fromtimestamp(seconds, UTC)
        return (moment.replace(tzinfo=None) if self.naive_times else moment).isoformat()


def jwk(kid: str, key: Any, kind: str) -> dict[str, Any]:
    """Return the public half of a key as JSON Web Key."""
    maker = jwt.algorithms.ECAlgorithm if kind == "ES256" else jwt.algorithms.RSAAlgorithm
    return {**json.loads(maker.to_jwk(key.public_key())), "kid": kid, "alg": kind, "use": "sig"}


def unsigned(sub: str) -> str:
    """Return a token with algorithm none and no signature."""
    claims = {"iss": ISSUER, "sub": sub, "aud": "authenticated", "exp": int(time.time()) + 600}
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims)}."


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
