"""What a server process has ready before it forks a command: every module of it, and the compiled kernels."""

from __future__ import annotations

import sklearn.feature_extraction.text  # noqa: F401

from pipelines.models.parts import kernel

kernel.warm_up()
