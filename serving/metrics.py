"""What is counted and timed, for Prometheus; nothing about who asked."""

from __future__ import annotations

import os
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from serving.http.connections import Connections
from serving.snapshots import Snapshots

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Where several workers share their counts; set by `serving.server` before they start."""


class Metrics:
    """The API's own registry, so that two apps in one process do not share counts."""

    def __init__(self, connections: Connections | None = None) -> None:
        registry = CollectorRegistry()
        self._connections = connections
        self.closed = Gauge(
            "playbill_closed_connections", "Connections that the server closed, by reason", ["reason"],
            registry=registry, multiprocess_mode="sum",
        )  # fmt: skip
        self.registry = registry
        self.seconds = Histogram(
            "playbill_request_seconds", "Time to answer, by route", ["route"], buckets=BUCKETS, registry=registry
        )
        self.requests = Counter(
            "playbill_requests", "Answers, by route and status", ["route", "status"], registry=registry
        )
        self.lists = Counter("playbill_lists", "Lists given, by how they were made", ["strategy"], registry=registry)
        self.releases = Counter("playbill_release_lists", "Lists given, by release", ["release"], registry=registry)
        self.live_failures = Counter(
            "playbill_live_failures", "Live lists that could not be made, by reason", ["reason"], registry=registry
        )
        self.chore_failures = Counter(
            "playbill_chore_failures", "Work beside the requests that failed, by chore", ["chore"], registry=registry
        )
        self.look_age = Gauge(
            "playbill_last_look_age_seconds", "Time since the last look for a release that worked", registry=registry,
            multiprocess_mode="max",
        )  # fmt: skip
        self.failed_looks = Gauge(
            "playbill_failed_looks", "Looks for a release that failed", registry=registry, multiprocess_mode="max"
        )
        self.age = Gauge(
            "playbill_release_age_seconds", "Age of the release being served", registry=registry,
            multiprocess_mode="mostrecent",
        )  # fmt: skip
        self.users = Gauge("playbill_users", "People with a list", registry=registry, multiprocess_mode="mostrecent")
        self.films = Gauge("playbill_films", "Films served", registry=registry, multiprocess_mode="mostrecent")
        self.open_failures = Gauge(
            "playbill_release_open_failures", "Releases that could not be opened", registry=registry,
            multiprocess_mode="max",
        )  # fmt: skip
        self._by_route: dict[str, Histogram] = {}
        self._by_release: dict[str, Counter] = {}
        self._by_strategy: dict[str, Counter] = {}
        self._by_answer: dict[tuple[str, int], Counter] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer; labels are looked up once and kept, which is most of the cost."""
        timer = self._by_route.get(route)
        if timer is None:
            timer = self._by_route[route] = self.seconds.labels(route)
        timer.observe(seconds)
        counter = self._by_answer.get((route, status))
        if counter is None:
            counter = self._by_answer[route, status] = self.requests.labels(route, str(status))
        counter.inc()

    def gave(self, strategy: str) -> None:
        """Count one list."""
        counter = self._by_strategy.get(strategy)
        if counter is None:
            counter = self._by_strategy[strategy] = self.lists.labels(strategy)
        counter.inc()

    def gave_from(self, release_id: str) -> None:
        """Count one list to the release that it was made from."""
        counter = self._by_release.get(release_id)
        if counter is None:
            counter = self._by_release[release_id] = self.releases.labels(release_id)
        counter.inc()

    def page(self, snapshots: Snapshots) -> bytes:
        """Return everything in Prometheus's text format."""
        snapshot = snapshots.current
        if snapshot is not None:
            self.age.set(time.time() - snapshot.created_at.timestamp())
            self.users.set(snapshot.lists.people)
            self.films.set(len(snapshot.films))
        self.open_failures.set(snapshots.failures)
        self.failed_looks.set(snapshots.failed_looks)
        self.look_age.set(snapshots.look_age_seconds)
        for reason, count in (self._connections.closed if self._connections else {}).items():
            self.closed.labels(reason).set(count)
        if os.environ.get(MULTIPROCESS):
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self.registry)
