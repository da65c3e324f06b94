"""A run's progress in the Prefect UI: a bar that stays with the run as an artifact."""

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
    """Draws stages and their steps as one progress artifact and passes all on to what drew before."""

    def __init__(self, key: str, outer: Reporter) -> None:
        self._key, self._outer = key, outer
        self._artifact: UUID | None = None
        self._drawn = 0.0
        self._name, self._number, self._of = "", 1, 1

    def stage(self, name: str, number: int, of: int) -> None:
        """Show that a stage begins."""
        self._outer.stage(name, number, of)
        self._name, self._number, self._of = name, number, of
        self._draw(0.0, name)

    def update(self, what: str, done: float, total: float | None) -> None:
        """Show the step, at most every three seconds and at its end."""
        self._outer.update(what, done, total)
        if time.monotonic() - self._drawn < EVERY_SECONDS and (not total or done < total):
            return
        counted = f": {done:,.0f} of {total:,.0f}" if total else ""
        self._draw(done / total if total else 0.0, f"{self._name}, {what}{counted}" if self._name else what + counted)

    def finish(self) -> None:
        """Show that all is done."""
        self._number, self._of = 1, 1
        self._draw(1.0, "done")

    def _draw(self, share: float, text: str) -> None:
        self._drawn = time.monotonic()
        percent = 100.0 * (self._number - 1 + min(1.0, share)) / self._of
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
def progress_artifact(key: str) -> Iterator[None]:
    """Show the stages and steps inside the block as the artifact ``key``; call it inside a task or flow run."""
    artifact = ProgressArtifact(key, current())
    with reporting(artifact):
        yield
    artifact.finish()
