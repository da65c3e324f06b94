"""People who asked to be forgotten: known by a hash only, so that the list itself names nobody.

``releases/SUPPRESSED`` holds one SHA-256 of a user_id a line, in hex; lines that begin with # are comments. Ingest and
build pass these people over, and whoever serves a release answers as if it had never heard of them.
"""

from __future__ import annotations

import hashlib

from warehouse.files import write_text
from warehouse.folder import DataFolder

HEADER = "# SHA-256 of the user_id of people who asked to be forgotten, one a line\n"


def user_hash(user_id: str) -> str:
    """Return the hash that stands for a user."""
    return hashlib.sha256(user_id.encode("utf-8")).hexdigest()


def suppressed(folder: DataFolder) -> frozenset[str]:
    """Return the hashes of all forgotten people; empty when nobody asked."""
    path = folder.releases / "SUPPRESSED"
    if not path.exists():
        return frozenset()
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def suppress(folder: DataFolder, user_id: str) -> bool:
    """Add a user to the list, whole or not at all; return False when they are on it already."""
    known = suppressed(folder)
    if user_hash(user_id) in known:
        return False
    write_text(folder.releases / "SUPPRESSED", HEADER + "".join(f"{h}\n" for h in sorted({*known, user_hash(user_id)})))
    return True
