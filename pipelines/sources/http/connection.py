"""A client of one service: who is asked, how an answer is opened, and what its failures mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.request import getproxies, proxy_bypass

import httpx

from pipelines.sources.http.answers import ACCEPTED, plain
from pipelines.sources.http.policy import Policy, TryAgainError
from pipelines.sources.http.secrets import NO_SECRET, QUERY, Secret, WireTransport
from warehouse.errors import SourceUnavailableError

USER_AGENT = {"User-Agent": "playbill"}


class Connection:
    """Opens one answer at a time; `Service` asks again, in turn and at a pace.

    Parameters
    ----------
    name : str
        What messages call it.
    base_url : str
        Where it begins; the secret goes to this scheme, host and port and nowhere else.
    policy : Policy
    secret : Secret
        What proves who asks; a service that has one follows no redirect.
    headers : mapping, optional
        Sent with every question; nothing secret.
    redirects : bool
        Whether to follow a few; without effect where there is a secret.
    transport : httpx.AsyncBaseTransport, optional
        What sends the requests; tests pass their own.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        policy: Policy,
        *,
        secret: Secret = NO_SECRET,
        headers: Mapping[str, str] | None = None,
        redirects: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name, self.policy, self.secret = name, policy, secret
        inner = transport or _network(httpx.URL(base_url), policy.in_flight)
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=policy.timeout_seconds,
            headers={**USER_AGENT, **ACCEPTED, **(headers or {})},
            transport=WireTransport(inner, httpx.URL(base_url), secret),
            follow_redirects=redirects and secret == NO_SECRET,
            max_redirects=5,
            trust_env=False,  # what a ~/.netrc holds is sent nowhere; the proxy is `_network`'s
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @asynccontextmanager
    async def opened(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float,
        body: bytes | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Open one answer, once, to be read inside the block; all of it takes ``seconds`` at most.

        With a ``body``, which is JSON unless the headers say otherwise, it is posted.

        Raises
        ------
        TryAgainError
            If the connection fails, or the time is up.
        SourceUnavailableError
            If a redirect is not followed, or the certificate is not valid.
        """
        params = {name: str(value) for name, value in (query or {}).items()}
        typed = {} if body is None else {"Content-Type": "application/json"}
        request = self._http.build_request(
            "GET" if body is None else "POST", path, content=body, headers={**typed, **(headers or {})},
            extensions={QUERY: params},
        )  # fmt: skip
        request.extensions["timeout"] = httpx.Timeout(self.policy.timeout_seconds).as_dict()
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.send(request, stream=True)
                try:
                    if response.is_redirect:
                        raise SourceUnavailableError(self._redirected(response))
                    yield response
                finally:
                    await response.aclose()
        except TimeoutError:
            raise TryAgainError(f"no whole answer in {seconds:g} s") from None
        except httpx.TimeoutException as error:
            raise TryAgainError(f"no answer in {self.policy.timeout_seconds:g} s ({type(error).__name__})") from None
        except httpx.TooManyRedirects:
            raise SourceUnavailableError(f"{self.name} redirects in circles") from None
        except httpx.HTTPError as error:
            reason = self.hide_in(str(error)) or type(error).__name__
            if "CERTIFICATE_VERIFY_FAILED" in reason or isinstance(error, httpx.UnsupportedProtocol):
                raise SourceUnavailableError(f"{self.name}: {reason}") from None
            raise TryAgainError(reason) from None

    def hide_in(self, text: str) -> str:
        """Return a server's or library's words as one line without a secret or a person."""
        return plain(self.secret.hide_in(text))

    def _redirected(self, response: httpx.Response) -> str:
        try:
            host = httpx.URL(response.headers.get("Location", "")).host
        except httpx.InvalidURL:
            host = ""
        where = f" to {plain(host)[:100]}" if host else ""
        return (
            f"{self.name} answers with a redirect ({response.status_code}){where}, which is not followed; set the "
            "address that it really has"
        )


def _network(base: httpx.URL, connections: int) -> httpx.AsyncHTTPTransport:
    """Return a transport through the proxy that the environment names for this host, if it names one."""
    proxy = None if proxy_bypass(base.host) else getproxies().get(base.scheme)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncHTTPTransport(limits=limits, proxy=proxy)
