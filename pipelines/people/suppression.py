"""People who asked to be forgotten: known by a hash only, so that the list itself names nobody.

``releases/SUPPRESSED`` holds one SHA-256 of a user_id a line, in hex; lines that begin with # are comments. Ingest and
build pass these people over, and whoever serves a release answers as if it had never heard of them.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from warehouse.errors import ReleaseError
from warehouse.files import make_folder, write_text
from warehouse.folder import DataFolder

HASH = re.compile(r"^[0-9a-f]{64}$")
HEADER = "# SHA-256 of the user_id of people who asked to be forgotten, one a line\n"


def user_hash(user_id: str) -> str:
    """Return the hash that stands for a user."""
    return hashlib.sha256(user_id.encode("utf-8")).hexdigest()


def suppressed(folder: DataFolder) -> frozenset[str]:
    """Return the hashes of all forgotten people; empty when nobody asked.

    Raises
    ------
    ReleaseError
        If the list is damaged: to go on without it would bring back people who asked to be forgotten.
    """
    path = folder.releases / "SUPPRESSED"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path} cannot be read ({error}); restore it from a backup") from error
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    damaged = sum(not HASH.match(line) for line in lines)
    if damaged or not text.startswith("#") or not text.endswith("\n"):
        raise ReleaseError(
            f"{path} is damaged: {damaged} of {len(lines)} lines are no hashes, or its end is missing; "
            "restore it from a backup"
        )
    return frozenset(lines)


def suppressed_among(user_ids: Collection[str], hashes: frozenset[str]) -> list[str]:
    """Return those of some people who asked to be forgotten."""
    return [user_id for user_id in user_ids if user_hash(user_id) in hashes] if hashes else []


@contextmanager
def suppression_held(folder: DataFolder) -> Iterator[frozenset[str]]:
    """Give the hashes of all forgotten people and let nobody be added in the block.

    Whoever publishes looks here last and renames inside the block, so that somebody is either left out of the release
    or asked to be forgotten after it was published.
    """
    make_folder(folder.releases)
    with (folder.releases / ".suppressed.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield suppressed(folder)


def suppress(folder: DataFolder, user_id: str) -> bool:
    """Add a user to the list, whole or not at all; return False when they are on it already."""
    with suppression_held(folder) as hashes:
        if user_hash(user_id) in hashes:
            return False
        lines = "".join(f"{one}\n" for one in sorted({*hashes, user_hash(user_id)}))
        write_text(folder.releases / "SUPPRESSED", HEADER + lines)
    return True
