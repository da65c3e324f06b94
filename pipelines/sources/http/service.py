"""One outside service: every question to it is paced, bounded, tried again where that helps, and keeps its secrets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx
import stamina

from pipelines.sources.http.answers import ACCEPTED, Reply, plain, read_whole
from pipelines.sources.http.breaker import Breaker
from pipelines.sources.http.pace import Pace
from pipelines.sources.http.policy import GaveUpError, Policy, TryAgainError, worth_a_retry
from pipelines.sources.http.secrets import NO_SECRET, QUERY, Secret, WireTransport
from warehouse.errors import SourceFormatError, SourceUnavailableError

Result = TypeVar("Result")
Judge = Callable[[Reply], Result]
"""Reply -> what it means. Raises `TryAgainError` for what may pass, a `PlaybillError` for what will not."""

USER_AGENT = {"User-Agent": "playbill"}


class Service:
    """Use as ``async with Service(…) as service: await service.ask(…)``.

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

    Attributes
    ----------
    requests : int
        Requests made so far, failed ones included.
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
        self._slots = asyncio.Semaphore(policy.in_flight)
        self._pace = None if policy.rate is None else Pace(policy.rate, policy.burst)
        self._breaker = Breaker(name, policy.breaks_after, policy.patience_seconds)
        self.requests = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(
        self,
        path: str,
        judge: Judge[Result],
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Result:
        """Ask until there is an answer that ``judge`` takes, waiting longer each time.

        Parameters
        ----------
        query : mapping, optional
            Query parameters; people may be named in them, as no log or error holds them.

        Raises
        ------
        GaveUpError
            If every try failed.
        SourceUnavailableError
            If the service is down, asks to wait too long, or sends us elsewhere.
        SourceFormatError
            If an answer is longer than is read.
        """
        return await self.retrying(lambda: self._in_turn(path, judge, query or {}, headers or {}))

    async def retrying(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Do something until it raises no `TryAgainError`, waiting longer each time.

        Raises
        ------
        GaveUpError
            If every try failed.
        """
        tries = 0
        try:
            async for one in stamina.retry_context(
                on=worth_a_retry, attempts=self.policy.attempts, timeout=None,
                wait_initial=self.policy.first_wait_seconds, wait_max=self.policy.longest_wait_seconds,
                wait_jitter=self.policy.first_wait_seconds,
            ):  # fmt: skip
                with one:
                    tries += 1
                    return await attempt()
        except TryAgainError as error:
            raise GaveUpError(f"{error}, {tries} times") from None
        raise AssertionError("unreachable")

    async def _in_turn(
        self, path: str, judge: Judge[Result], query: Mapping[str, str | int], headers: Mapping[str, str]
    ) -> Result:
        while True:
            async with self._slots, self._breaker.passing():
                if self._pace is not None:
                    await self._pace.take()
                self.requests += 1
                try:
                    result = judge(await self._answer(path, query, headers))
                except TryAgainError as error:
                    self._failed(error)
                    if not self._breaker.is_open:
                        raise
                    continue  # the service is down, which uses up no try of this question
                except SourceFormatError as error:
                    self._breaker.failed(str(error))
                    raise
                self._breaker.succeeded()
                return result

    def _failed(self, error: TryAgainError) -> None:
        self._breaker.failed(str(error))
        wait = error.wait_seconds
        if wait is not None and wait > max(self.policy.patience_seconds, self.policy.longest_wait_seconds):
            raise SourceUnavailableError(f"{self.name} asks to wait {wait:.0f} seconds ({error})") from None
        if error.too_fast and self._pace is not None:
            self._pace.hold(self.policy.first_wait_seconds if wait is None else wait)

    async def _answer(self, path: str, query: Mapping[str, str | int], headers: Mapping[str, str]) -> Reply:
        """Send one request and read its answer whole, within the policy's time and size."""
        async with self.opened(path, query, headers, seconds=self.policy.answer_seconds) as response:
            reply = await read_whole(response, self.policy.answer_bytes, self.name)
        return replace(reply, content=self.secret.hide_in_bytes(reply.content))

    @asynccontextmanager
    async def opened(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float,
    ) -> AsyncIterator[httpx.Response]:
        """Open one answer, once, to be read inside the block; all of it takes ``seconds`` at most.

        Raises
        ------
        TryAgainError
            If the connection fails, or the time is up.
        SourceUnavailableError
            If a redirect is not followed, or the certificate is not valid.
        """
        params = {name: str(value) for name, value in (query or {}).items()}
        request = self._http.build_request("GET", path, headers=dict(headers or {}), extensions={QUERY: params})
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


def answers(url: str, timeout_seconds: float = 3.0) -> bool:
    """Tell whether a URL answers without an error."""
    try:
        return httpx.get(url, timeout=timeout_seconds).is_success
    except httpx.HTTPError:
        return False
