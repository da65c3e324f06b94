"""What MLflow is told of the data: every batch that was learned from, with its rows, columns and newest moment."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipelines.jobs.active import Active
from warehouse.changes import batch_folders
from warehouse.folder import DataFolder

APP_SOURCES = ("supabase", "events")
MOMENTS = {"ratings.parquet": ("timestamp", "rated_at"), "signals.parquet": ("happened_at",)}
"""A batch's table of what people said, and the column of it that says when."""
DIGEST_LENGTH = 36
"""MLflow's limit."""


def datasets_of(folder: DataFolder, active: Active) -> list[dict[str, str]]:
    """Return every batch that the warehouse was built from, as MLflow's datasets."""
    batches = [(active.dataset, active.batch)]
    for source in APP_SOURCES:
        batches += [(source, path) for path in batch_folders(folder.batches(source))]
    return [dataset_of(name, path, folder.root) for name, path in batches]


def dataset_of(name: str, batch: Path, home: Path) -> dict[str, str]:
    """Return a batch as MLflow's dataset.

    Parameters
    ----------
    home : Path
        The folder that its place is told from: a data folder may be moved.
    """
    profile, columns = {}, []
    for file, moments in MOMENTS.items():
        if (batch / file).exists():
            read = pq.ParquetFile(batch / file)
            profile = {"num_rows": read.metadata.num_rows, "watermark": _newest(read, moments)}
            columns = [{"type": str(field.type), "name": field.name, "required": True} for field in read.schema_arrow]
    return {
        "name": name,
        "digest": batch.name[-DIGEST_LENGTH:],
        "source": json.dumps({"uri": str(batch.relative_to(home))}),
        "profile": json.dumps(profile),
        "schema": json.dumps({"mlflow_colspec": columns}),
    }


def _newest(read: pq.ParquetFile, moments: tuple[str, ...]) -> str | None:
    """Return the newest moment of a table from the file's own statistics, in UTC; None where it has none."""
    names = [name for name in read.schema_arrow.names if name in moments]
    newest: list[Any] = []
    for name in names:
        column = read.schema_arrow.names.index(name)
        groups = (read.metadata.row_group(number) for number in range(read.metadata.num_row_groups))
        statistics = [group.column(column).statistics for group in groups]
        newest += [each.max for each in statistics if each is not None and each.has_min_max]
    if not newest:
        return None
    last = max(newest)
    moment = datetime.fromtimestamp(last, UTC) if isinstance(last, int) else last.astimezone(UTC)
    return str(moment.isoformat(timespec="seconds"))
