"""Where everything lies under the data folder; the only place that spells these paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BUILT = ("interactions", "movies", "movie_stats", "tags")
"""The data sets that a build makes; the others (``tmdb_mapping``, ``movies_enriched``) outlive builds."""


@dataclass(frozen=True)
class DataFolder:
    """The paths of one data folder (``PLAYBILL_DATA_DIR``, by default ``warehouse/data``).

    Nothing is created by asking for a path; whoever writes makes the folder.
    """

    root: Path

    @property
    def lake(self) -> Path:
        """Parquet, append-only by source, and the data sets made from it."""
        return self.root / "lake"

    @property
    def ledgers(self) -> Path:
        """Append-only logs of what ran, one folder a ledger."""
        return self.lake / "ledgers"

    @property
    def inbox(self) -> Path:
        """Where interaction logs are dropped."""
        return self.lake / "inbox"

    def batches(self, source: str) -> Path:
        """Landed batches of one source, a folder each."""
        return self.lake / source

    def dataset(self, name: str) -> Path:
        """One of the data sets, such as ``interactions``; those of `BUILT` lie in the build in use."""
        return (self.build if name in BUILT else self.lake) / f"{name}.parquet"

    @property
    def builds(self) -> Path:
        """What was built from the lake, a folder a build."""
        return self.root / "builds"

    @property
    def build(self) -> Path:
        """The link to the build in use."""
        return self.builds / "current"

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file that the SQL files build."""
        return self.build / "warehouse.duckdb"

    @property
    def lock_file(self) -> Path:
        """Locked by whoever writes in this folder."""
        return self.root / ".lock"

    @property
    def quarantine(self) -> Path:
        """Rows that could not be used, with their reasons."""
        return self.root / "quarantine"

    @property
    def recipes(self) -> Path:
        """The data folder's own recipes, such as `playbill tune` writes; they win over those that ship."""
        return self.root / "recipes"

    @property
    def models(self) -> Path:
        """Models trained by the current run, on their way into a release."""
        return self.root / "models"

    @property
    def releases(self) -> Path:
        """Published releases, a folder each, and CURRENT."""
        return self.root / "releases"

    @property
    def prefect(self) -> Path:
        """Prefect's own home: its database and settings."""
        return self.root / "prefect"

    @property
    def downloads(self) -> Path:
        """Data sets fetched from the network, kept for the next run."""
        return self.root / "downloads"
