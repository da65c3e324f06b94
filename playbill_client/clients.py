"""The two clients, one that waits and one to await. Their methods are the functions of `calls` and `discovery`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import wraps
from itertools import count
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import httpx

from playbill_client import calls, discovery
from playbill_client.calls import Call
from playbill_client.errors import PlaybillApiError, PlaybillUnreachableError
from playbill_client.wire import PASSING, AsyncRealPaths, RealPaths, Retries, answer_of, request_of

P = ParamSpec("P")
Shape = TypeVar("Shape")
Http = TypeVar("Http", httpx.Client, httpx.AsyncClient)
FAILURES = (PlaybillApiError, httpx.TransportError)
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures after which the API has seen nothing of the request."""


def _waited(make: Callable[P, Call[Shape]]) -> Callable[Concatenate[PlaybillClient, P], Shape]:
    @wraps(make)
    def method(self: PlaybillClient, /, *args: P.args, **kwargs: P.kwargs) -> Shape:
        return self.send(make(*args, **kwargs))

    return method


def _awaited(
    make: Callable[P, Call[Shape]],
) -> Callable[Concatenate[AsyncPlaybillClient, P], Coroutine[Any, Any, Shape]]:
    @wraps(make)
    async def method(self: AsyncPlaybillClient, /, *args: P.args, **kwargs: P.kwargs) -> Shape:
        return await self.send(make(*args, **kwargs))

    return method


def _headers(api_key: str | None, token: str | None) -> dict[str, str]:
    headers = {"User-Agent": "playbill-client", **({"X-API-Key": api_key} if api_key else {})}
    return {**headers, "Authorization": f"Bearer {token}"} if token else headers


class _Caller(Generic[Http]):
    """What waiting and awaiting have in common: an httpx client, and what becomes of a failure."""

    def __init__(self, client: Http, retries: Retries | None) -> None:
        self._client: Http = client
        self._retries = Retries() if retries is None else retries

    def _wait_after(self, failure: Exception, call: Call[Any], attempt: int) -> float:
        """Return how many seconds to wait before the call is made again; raise the failure if it must not be."""
        if isinstance(failure, PlaybillApiError):
            again = failure.status in PASSING and (call.repeatable or failure.status in (429, 503))
            wait = self._retries.wait_seconds(attempt, failure.retry_after_seconds) if again else None
            if wait is None:
                raise failure
            return wait
        again = call.repeatable or isinstance(failure, NOT_SENT)
        wait = self._retries.wait_seconds(attempt, None) if again else None
        if wait is None:
            why = "did not answer in time" if isinstance(failure, httpx.TimeoutException) else "cannot be reached"
            raise PlaybillUnreachableError(f"{self._client.base_url} {why} ({type(failure).__name__})") from failure
        return wait


class PlaybillClient(_Caller[httpx.Client]):
    """Calls one API; keeps its connections, so share it (threads too) and close it.

    >>> with PlaybillClient("http://127.0.0.1:8000", api_key="…") as playbill:  # doctest: +SKIP
    ...     for item in playbill.recommendations("ml_1", limit=5).recommendations:
    ...         print(item.rank, item.title)

    Every method raises `PlaybillApiError` if the API refuses, `PlaybillUnreachableError` if it does not answer.

    Parameters
    ----------
    base_url : str
    api_key : str, optional
        For backends: reads everybody's lists.
    token : str, optional
        A user's Supabase access token: reads that user's.
    timeout_seconds : float
        Of one attempt.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        token: str | None = None,
        timeout_seconds: float = 5.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        sending = RealPaths(httpx.HTTPTransport() if transport is None else transport)
        headers = _headers(api_key, token)
        client = httpx.Client(base_url=base_url, headers=headers, timeout=timeout_seconds, transport=sending)
        super().__init__(client, retries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, call: Call[Shape]) -> Shape:
        """Make a call, again after a failure that passes."""
        failures = count()
        while True:
            try:
                return answer_of(call, self._client.send(request_of(self._client, call)))
            except FAILURES as failure:
                wait = self._wait_after(failure, call, next(failures))
            time.sleep(wait)

    recommendations = _waited(calls.recommendations)
    mine = _waited(calls.mine)
    batch = _waited(calls.batch)
    recommend = _waited(calls.recommend)
    history = _waited(calls.history)
    why_not = _waited(calls.why_not)
    rating = _waited(calls.rating)
    movie = _waited(calls.movie)
    similar = _waited(calls.similar)
    popular = _waited(calls.popular)
    search = _waited(calls.search)
    genres = _waited(calls.genres)
    discover = _waited(discovery.discover)
    search_everywhere = _waited(discovery.search_everywhere)
    new_music = _waited(discovery.new_music)
    search_music = _waited(discovery.search_music)
    soundtrack = _waited(discovery.soundtrack)
    feedback = _waited(calls.feedback)
    health = _waited(calls.health)
    ready = _waited(calls.ready)
    release = _waited(calls.release)


class AsyncPlaybillClient(_Caller[httpx.AsyncClient]):
    """`PlaybillClient` for asyncio: the same methods, to be awaited.

    >>> async with AsyncPlaybillClient("http://127.0.0.1:8000") as playbill:  # doctest: +SKIP
    ...     films = await playbill.popular(genre="Drama")
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        token: str | None = None,
        timeout_seconds: float = 5.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        sending = AsyncRealPaths(httpx.AsyncHTTPTransport() if transport is None else transport)
        headers = _headers(api_key, token)
        client = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=timeout_seconds, transport=sending)
        super().__init__(client, retries)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, call: Call[Shape]) -> Shape:
        """Make a call, again after a failure that passes."""
        failures = count()
        while True:
            try:
                return answer_of(call, await self._client.send(request_of(self._client, call)))
            except FAILURES as failure:
                wait = self._wait_after(failure, call, next(failures))
            await asyncio.sleep(wait)

    recommendations = _awaited(calls.recommendations)
    mine = _awaited(calls.mine)
    batch = _awaited(calls.batch)
    recommend = _awaited(calls.recommend)
    history = _awaited(calls.history)
    why_not = _awaited(calls.why_not)
    rating = _awaited(calls.rating)
    movie = _awaited(calls.movie)
    similar = _awaited(calls.similar)
    popular = _awaited(calls.popular)
    search = _awaited(calls.search)
    genres = _awaited(calls.genres)
    discover = _awaited(discovery.discover)
    search_everywhere = _awaited(discovery.search_everywhere)
    new_music = _awaited(discovery.new_music)
    search_music = _awaited(discovery.search_music)
    soundtrack = _awaited(discovery.soundtrack)
    feedback = _awaited(calls.feedback)
    health = _awaited(calls.health)
    ready = _awaited(calls.ready)
    release = _awaited(calls.release)
