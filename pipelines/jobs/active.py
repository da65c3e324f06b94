"""Which data set a data folder is working on: the one that was ingested last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.sources.movielens.layouts import id_space_of
from warehouse import ledgers
from warehouse.errors import EmptyLakeError
from warehouse.folder import DataFolder


@dataclass(frozen=True)
class Active:
    """The active data set: its name, its batch, and whose film numbers it uses."""

    source: str
    dataset: str
    batch_id: str
    batch: Path

    @property
    def id_space(self) -> str:
        """ML-100k numbers its films for itself; the later MovieLens sets share one numbering."""
        return id_space_of(self.dataset)


def active_set(folder: DataFolder) -> Active:
    """Return the data set of the newest row in the ingest ledger.

    Raises
    ------
    EmptyLakeError
        If nothing has been ingested, or its batch is gone.
    DamagedFileError
        If a newer row may have been lost, so that it is not known which set is meant.
    """
    row = ledgers.newest(
        folder, "ingest", lambda row: row["source"] in ("movielens", "sample"),
        "run `playbill ingest` with the data set that is meant",
    )  # fmt: skip
    if row is None:
        raise EmptyLakeError(f"{folder.lake} holds no data set; run `playbill ingest` first")
    batch = folder.batches(row["source"]) / row["batch_id"]
    if not batch.is_dir():
        raise EmptyLakeError(f"{batch} is gone; run `playbill ingest` again")
    return Active(row["source"], row["dataset"], row["batch_id"], batch)
