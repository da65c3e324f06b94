"""Publishing a release: a folder to fill, then in one go its manifest, its name, its turn to be served, its record.

    with publishing(store, facts, created_at, retention=settings.releases) as draft:
        ...                                     # write release.duckdb, models/ and search/ into draft.path
    draft.previous                              # the release before; CURRENT names the new one, old ones are gone

A crash at any point before the rename leaves the last release served and a folder that the next run removes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from warehouse import ledgers
from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.errors import ReleaseError, UnknownReleaseError
from warehouse.files import new_folder
from warehouse.manifest import Entry, entry_of
from warehouse.pins import is_promotion
from warehouse.store import Release, ReleaseStore


class Retention(Protocol):
    """Which releases stay when another one is published, besides the served and the pinned ones."""

    @property
    def keep(self) -> int:
        """How many of the newest."""

    @property
    def daily(self) -> int:
        """Of how many of the last days that have a release, the last one."""


@dataclass
class Draft:
    """A release on its way.

    Attributes
    ----------
    path : Path
        The folder to write into.
    facts : dict
        What the manifest is going to say besides id, time, schema version and files; may be changed until the block
        ends.
    previous : str or None
        When the block has ended, the release that was published before it, where there is one.
    """

    release_id: str
    path: Path
    created_at: datetime
    facts: dict[str, Any]
    previous: str | None = None

    @property
    def database(self) -> Path:
        """Where ``release.duckdb`` belongs."""
        return self.path / "release.duckdb"

    @property
    def record(self) -> dict[str, Any]:
        """What the manifest says but for the files: the row of the table ``release``."""
        about = {"release_id": self.release_id, "created_at": self.created_at, "schema_version": SCHEMA_VERSION}
        return {**self.facts, **about}


@contextmanager
def publishing(
    store: ReleaseStore,
    facts: dict[str, Any],
    created_at: datetime,
    *,
    base: Release | None = None,
    instead_of: str | None = None,
    retention: Retention | None = None,
) -> Iterator[Draft]:
    """Give a draft to fill; when the block ends well, it is a whole release.

    It is current then too, unless the served release is pinned.

    Parameters
    ----------
    facts : dict
        Six hex digits of the id come from them, so they must hold what tells this release from any other.
    base : Release, optional
        One whose files were compared with its manifest just now: files hard-linked from it are not summed again.
    instead_of : str, optional
        The served release that this one stands in for: it is current then, pin or not, and takes over the pin.
    retention : Retention, optional
        With it older releases are removed, and the ledger of releases is told of both; ``facts`` name the ``run_id``.
    """
    sequence = max((store.sequence(other) for other in store.ids()), default=0) + 1
    seed = json.dumps([facts, created_at.isoformat(), sequence], sort_keys=True, default=str)
    release_id = f"{created_at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(seed.encode()).hexdigest()[:6]}"
    with new_folder(store.home / release_id) as path:
        draft = Draft(release_id, path, created_at, facts)
        yield draft
        files = sorted(item for item in path.rglob("*") if item.is_file())
        entries = {str(item.relative_to(path)): _entry(path, item, base) for item in files}
        manifest = {**draft.record, "created_at": created_at.isoformat(), "sequence": sequence, "files": entries}
        text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False, default=str)
        (path / "manifest.json").write_text(text + "\n", encoding="utf-8")
    if instead_of is not None:
        store.pins.move(instead_of, release_id)
        store.make_current(release_id)
    elif not _is_held(store, facts):
        store.make_current(release_id)
        store.pins.end_rollbacks()
    if retention is not None:
        draft.previous = _record(store, draft, retention)


def _is_held(store: ReleaseStore, facts: dict[str, Any]) -> bool:
    """Tell whether the served release stays, as it is pinned; a rollback's pin gives way to a promotion."""
    try:
        served = store.current()
    except ReleaseError:
        return False
    until = store.pins.read().get(served.release_id)
    return until == "unpin" or (until == "promotion" and not is_promotion(facts, served.manifest))


def _record(store: ReleaseStore, draft: Draft, retention: Retention) -> str | None:
    """Remove what retention leaves no room for, and write down both; return the release before."""
    try:
        previous = store.before(draft.release_id)
    except UnknownReleaseError:
        previous = None  # the first of all
    rows = [{"event": "published", "release_id": draft.release_id, "previous": previous}]
    for removed in store.prune(retention.keep, daily=retention.daily):
        rows.append({"event": "removed", "release_id": removed, "previous": None})
    ledgers.append(store.folder, "releases", draft.facts["run_id"], rows)
    return previous


def _entry(home: Path, path: Path, base: Release | None) -> Entry:
    """Return what a manifest says of a file, from ``base`` where the file is the same one."""
    size, name = path.stat().st_size, str(path.relative_to(home))
    known = base.manifest["files"].get(name) if base is not None else None
    if base is not None and known is not None and known.get("bytes") == size and path.samefile(base.path / name):
        return {"bytes": size, "sha256": known["sha256"]}
    return entry_of(path)
