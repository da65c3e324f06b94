"""A run's entries as MLflow takes them: data sets, hyper-parameters under dotted names, numbers with their steps."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

PARAMS_AT_ONCE = 100
"""MLflow's limit of one call."""
VALUE_LENGTH = 6000
"""MLflow's limit of a hyper-parameter's text."""

Curve = Sequence[tuple[int, float]]
"""(step, value)."""


def write_datasets(client: Any, mlflow_id: str, datasets: Sequence[Mapping[str, str]]) -> None:
    """Add what a run learned from: name, digest, source, profile and schema of each batch."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    context = [InputTag("mlflow.data.context", "training")]
    inputs = [DatasetInput(Dataset(source_type="local", **each), context) for each in datasets]
    if inputs:
        client.log_inputs(mlflow_id, inputs)


def write_params(client: Any, mlflow_id: str, values: Mapping[str, Any]) -> None:
    """Add hyper-parameters to a run, nested ones under dotted names."""
    from mlflow.entities import Param

    params = [Param(key, _text(value)) for key, value in _flat(values).items()]
    for start in range(0, len(params), PARAMS_AT_ONCE):
        client.log_batch(mlflow_id, params=params[start : start + PARAMS_AT_ONCE])


def write_metrics(
    client: Any, mlflow_id: str, metrics: Mapping[str, float], curves: Mapping[str, Curve] | None = None, *,
    step: int = 0, tags: Sequence[Any] = (),
) -> None:  # fmt: skip
    """Add numbers to a run, and curves, whose steps say what of; with them tags, as one call."""
    from mlflow.entities import Metric

    now = time.time_ns() // 1_000_000
    points = [Metric(key, value, now, step) for key, value in metrics.items()]
    points += [Metric(key, value, now, at) for key, curve in (curves or {}).items() for at, value in curve]
    client.log_batch(mlflow_id, metrics=points, tags=tags)


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:VALUE_LENGTH]


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in params.items():
        flat.update(_flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value})
    return flat
