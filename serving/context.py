"""What the routes share: the settings, the release being served, who may ask, and the counts."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from pipelines.settings import Settings
from serving.access import Access
from serving.errors import no_release
from serving.metrics import Metrics
from serving.snapshot import Snapshot, Snapshots


@dataclass(frozen=True)
class Context:
    """One application's parts."""

    settings: Settings
    snapshots: Snapshots
    access: Access
    metrics: Metrics

    def snapshot(self) -> Snapshot:
        """Return the release to answer from; take it once and hold it.

        Raises
        ------
        Problem
            503 while there is none.
        """
        snapshot = self.snapshots.current
        if snapshot is None:
            raise no_release()
        return snapshot


def context_of(request: Request) -> Context:
    """Return the application's parts."""
    context: Context = request.app.state.context
    return context
