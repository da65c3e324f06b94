"""MLflow, and the only package that imports it: what was trained, how good it was, what was decided, what is served.

`tracking` writes runs (`entries` what is in one), `versions` the registered models, `store` opens what holds them,
`tolerance` survives its failures, `figures` draws, `pyfunc` is what MLflow loads a version with.
"""

from __future__ import annotations

from pipelines.registry.store import PATIENCE
from pipelines.registry.tolerance import without_password
from pipelines.registry.tracking import Registry

__all__ = ["PATIENCE", "Registry", "without_password"]
