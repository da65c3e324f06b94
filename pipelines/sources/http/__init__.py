"""How Playbill asks other services: one policy of time, size, retry, rate and breaker for all of them."""

from __future__ import annotations

from pipelines.sources.http.answers import ACCEPTED, Reply, pieces, plain
from pipelines.sources.http.policy import RETRIED_STATUS, GaveUpError, Policy, TryAgainError, hush_retries
from pipelines.sources.http.running import run_async
from pipelines.sources.http.secrets import NO_SECRET, Secret, Transport
from pipelines.sources.http.service import Service, answers

__all__ = [
    "ACCEPTED",
    "NO_SECRET",
    "RETRIED_STATUS",
    "GaveUpError",
    "Policy",
    "Reply",
    "Secret",
    "Service",
    "Transport",
    "TryAgainError",
    "answers",
    "hush_retries",
    "pieces",
    "plain",
    "run_async",
]
