"""A release's manifest: what it says of the release, and what it says of each file."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.files import sha256_of

Manifest = dict[str, Any]
Entry = dict[str, Any]
"""What a manifest says of a file: ``bytes`` and ``sha256``."""


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a manifest that says what its readers rely on; a figure that could not be measured (NaN) is None.

    Raises
    ------
    ValueError
        If it is not JSON, or not such a manifest.
    """
    manifest = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda _: None)
    if not isinstance(manifest, dict):
        raise ValueError(f"it holds a {type(manifest).__name__}, not an object")  # noqa: TRY004
    files = manifest.get("files")
    entries = list(files.values()) if isinstance(files, dict) else [None]
    if not all(isinstance(entry, dict) and "sha256" in entry for entry in entries):
        raise ValueError("it does not list the release's files")
    moment = manifest.get("created_at")
    if not isinstance(moment, str) or datetime.fromisoformat(moment).tzinfo is None:
        raise ValueError(f"created_at is {moment!r}, not a time with its zone")
    return manifest


def entry_of(path: Path) -> Entry:
    """Return what a manifest says of a file as it is."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def has_size(path: Path, entry: Entry) -> bool:
    """Tell whether a file is there and as long as its entry says; an entry without a length says nothing of it."""
    return path.is_file() and path.stat().st_size == entry.get("bytes", path.stat().st_size)


def has_hash(path: Path, entry: Entry) -> bool:
    """Tell whether a file's content is what its entry says."""
    return sha256_of(path) == str(entry["sha256"])
