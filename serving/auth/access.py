"""Who may read what: an API key reads everything, a token only its own person, nobody else anything personal."""

from __future__ import annotations

from starlette.requests import Request

from serving.auth.keys import ApiKeys
from serving.auth.tokens import CHALLENGE, Tokens, refused
from serving.auth.upstream import IssuerUnavailableError
from serving.http.errors import Problem
from serving.http.limits import source_of

VERIFY_SECONDS = 2.0
"""How long a token may take that is not on the live route."""


class Access:
    """Decides on every personal answer. With nothing configured the API is open, on loopback only."""

    def __init__(self, keys: ApiKeys, tokens: Tokens | None) -> None:
        self._keys, self._tokens = keys, tokens

    @property
    def configured(self) -> bool:
        """Whether anybody is ever refused."""
        return bool(self._keys) or self._tokens is not None

    def has_key(self, request: Request) -> bool:
        """Tell whether a valid API key came with the request.

        Raises
        ------
        Problem
            401 if a key came that is not valid.
        """
        presented = request.headers.get("x-api-key")
        if presented is None or not self._keys:
            return False
        if not self._keys.accept(presented):
            raise Problem(401, "the API key is not valid", headers=CHALLENGE)
        return True

    async def require(self, request: Request, *user_ids: str) -> bool:
        """Let the request read what is derived from these people's stored data, or refuse it.

        Returns
        -------
        bool
            Whether it is the person that asks, by their own token.

        Raises
        ------
        Problem
            401 without a credential that is valid; 403 with a token of somebody else; 503 where nobody can tell just
            now; 429 to a source of many tokens. Whether a user_id exists plays no part.
        """
        if not self.configured or self.has_key(request):
            return False
        try:
            subject = await self.subject(request, seconds=VERIFY_SECONDS)
        except IssuerUnavailableError as error:
            detail = "the token cannot be verified just now; try again"
            raise Problem(503, detail, headers={"Retry-After": "2"}) from error
        if any(user_id != subject for user_id in user_ids):
            raise Problem(403, "the token is of somebody else")
        return True

    async def subject(self, request: Request, *, seconds: float) -> str:
        """Return whose token came with the request.

        Raises
        ------
        Problem
            401 without one, or with one that is not valid.
        IssuerUnavailableError
            If that cannot be told within ``seconds``.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Problem(401, "this needs an API key in X-API-Key or a bearer token", headers=CHALLENGE)
        if self._tokens is None:
            raise refused()
        return await self._tokens.subject(token.strip(), source=source_of(request), seconds=seconds)
