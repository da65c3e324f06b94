"""Token buckets: so many at once, so many a second after that, for each caller."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request

from serving.exposure import is_loopback


def host_name(host: bytes) -> str:
    """Return a Host header without its port."""
    name = host.decode("latin-1").strip().lower()
    return name.rpartition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]


def is_local(request: Request) -> bool:
    """Tell whether somebody at this machine asks it by its own name, and not through a proxy that stands here."""
    host = request.client.host if request.client else ""
    asked = request.headers.get("host", "").encode("latin-1")
    return is_loopback(host) and is_loopback(host_name(asked)) and "x-forwarded-for" not in request.headers


def source_of(request: Request) -> str:
    """Return where a request came from, as allowances are counted: an IPv4 address, or the /64 of an IPv6 one.

    Behind a reverse proxy it is the proxy that says so, in X-Forwarded-For; see docs/deployment.md.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


class Bucket:
    """One caller's allowance; starts full."""

    __slots__ = ("_burst", "_clock", "_left", "_rate", "_seen")

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, float(burst), clock
        self._left, self._seen = float(burst), clock()

    def take(self) -> float:
        """Take one; return 0, or the seconds to wait if there is none."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._rate

    @property
    def left(self) -> int:
        """How many may be taken at once after the last `take`."""
        return int(self._left)

    @property
    def full_seconds(self) -> float:
        """Seconds from the last `take` until the allowance is whole again."""
        return (self._burst - self._left) / self._rate


class Limiter:
    """A bucket a caller; the longest unseen ones are forgotten, which only fills them up again."""

    def __init__(self, rate: float, burst: int, *, callers: int = 10_000,
                 clock: Callable[[], float] = time.monotonic) -> None:  # fmt: skip
        self._rate, self._burst, self._callers, self._clock = rate, burst, callers, clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, caller: str) -> float:
        """Take one of this caller's; return 0, or the seconds to wait."""
        bucket = self._buckets.pop(caller, None) or Bucket(self._rate, self._burst, self._clock)
        self._buckets[caller] = bucket
        if len(self._buckets) > self._callers:
            self._buckets.popitem(last=False)
        return bucket.take()

    def headers(self, caller: str) -> list[tuple[bytes, bytes]]:
        """Return the numbers of a caller's allowance as headers: of the policy, and what is left of it now.

        As of the IETF's draft-ietf-httpapi-ratelimit-headers: ``q`` lists in ``w`` seconds; ``r`` are left, and the
        allowance is whole again in ``t`` seconds.
        """
        bucket = self._buckets[caller]
        policy = f'"lists";q={self._burst};w={math.ceil(self._burst / self._rate)}'
        state = f'"lists";r={bucket.left};t={math.ceil(bucket.full_seconds)}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]
