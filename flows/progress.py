"""Progress of long work in the Prefect UI: a bar that stays with the run as an artifact."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from pipelines.progress import Reporter, current, reporting

EVERY_SECONDS = 3.0


class ProgressArtifact:
    """Draws the steps of one name as a progress artifact and passes every step on to what drew before."""

    def __init__(self, what: str, key: str, outer: Reporter) -> None:
        self._what, self._key, self._outer = what, key, outer
        self._artifact: UUID | None = None
        self._drawn = 0.0

    def update(self, what: str, done: float, total: float | None) -> None:
        """Show the step, at most every three seconds and at its end."""
        self._outer.update(what, done, total)
        now = time.monotonic()
        if what != self._what or not total or (done < total and now - self._drawn < EVERY_SECONDS):
            return
        self._drawn = now
        percent, text = 100.0 * done / total, f"{what}: {done:,.0f} of {total:,.0f}"
        # _sync: the step may be told from inside an event loop, where Prefect would hand back a coroutine
        if self._artifact is None:
            made = create_progress_artifact(  # type: ignore[call-arg]
                progress=percent, key=self._key, description=text, _sync=True
            )
            self._artifact = cast(UUID, made)
        else:
            update_progress_artifact(  # type: ignore[call-arg]
                self._artifact, progress=percent, description=text, _sync=True
            )


@contextmanager
def progress_artifact(what: str, key: str) -> Iterator[None]:
    """Show the steps called ``what`` inside the block as the artifact ``key``; call it inside a task or flow run."""
    with reporting(ProgressArtifact(what, key, current())):
        yield
