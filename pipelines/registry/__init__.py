"""MLflow, and the only package that imports it: what was trained, how good it was, what was decided, what is served.

`tracking` writes runs, `versions` the registered models, `figures` draws, `pyfunc` is what MLflow loads a version with.
"""

from __future__ import annotations

from pipelines.registry.tracking import PATIENCE, Registry

__all__ = ["PATIENCE", "Registry"]
