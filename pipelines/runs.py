"""A run's identity and its workbench: what its stages leave for one another under ``models/<run_id>/``."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

from warehouse.errors import EmptyLakeError
from warehouse.files import make_folder, remove_folder, remove_leftovers, write_text
from warehouse.folder import DataFolder

RUN_ID = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{6}$")


def new_run_id() -> str:
    """Return an id for a run that starts now: UTC time and six random hex digits."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def who_runs() -> str:
    """Return the system's user, for the record; their number where it has no name, as in a container."""
    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"


@dataclass(frozen=True)
class Workbench:
    """The folder in which one run's models wait for their release."""

    path: Path

    @property
    def run_id(self) -> str:
        """The run it belongs to."""
        return self.path.name

    def model(self, name: str) -> Path:
        """Return the folder of one trained model."""
        return self.path / name

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a path on the workbench for what is needed for a while; it is gone at the end, and after a crash too."""
        path = self.path / f".{name}.tmp"  # a name that `warehouse.files.remove_leftovers` knows
        shutil.rmtree(path, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Leave a small result for a later stage."""
        make_folder(self.path)
        write_text(self.path / f"{name}.json", json.dumps(content, indent=1, default=str) + "\n")

    def holds(self, name: str) -> bool:
        """Tell whether a stage has left that result."""
        return (self.path / f"{name}.json").exists()

    def read(self, name: str, stage: str) -> dict[str, Any]:
        """Read what an earlier stage left.

        Raises
        ------
        EmptyLakeError
            If that stage has not run; the message names it.
        """
        path = self.path / f"{name}.json"
        if not path.exists():
            raise EmptyLakeError(f"{path} does not exist; run `playbill {stage}` first")
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content


def workbench(folder: DataFolder, run_id: str | None = None) -> Workbench:
    """Return the workbench of a run, by default of the newest.

    Raises
    ------
    EmptyLakeError
        If no run has trained anything yet.
    """
    if run_id is not None:
        return Workbench(folder.models / run_id)
    runs = _runs(folder)
    if not runs:
        raise EmptyLakeError(f"{folder.models} holds no trained model; run `playbill train` first")
    return Workbench(folder.models / runs[-1])


def has_trained(folder: DataFolder) -> bool:
    """Tell whether the newest run has left trained models, as a run that reuses those of a release does not."""
    return bool(_runs(folder)) and workbench(folder).holds("train")


def _runs(folder: DataFolder) -> list[str]:
    return sorted(path.name for path in folder.models.glob("*") if RUN_ID.match(path.name))


def clear_others(folder: DataFolder, run_id: str) -> None:
    """Delete the workbenches of all other runs, whole or abandoned, and what is left of killed ones, under the lock."""
    remove_leftovers(folder.models)
    for path in folder.models.glob("*"):
        if RUN_ID.match(path.name) and path.name != run_id:
            remove_folder(path)
