"""Token buckets: so many at once, so many a second after that, for each caller."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request


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
