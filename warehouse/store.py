"""The releases on disk: written whole, named last, never changed, any of them one step away.

::

    releases/20261121T030000Z-3f9c2a/   release.duckdb  models/  manifest.json
    releases/CURRENT                    the id that is served
    releases/current.duckdb             a link for analysts
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.errors import BrokenReleaseError, NoReleaseError, UnknownReleaseError
from warehouse.files import link_to, remove_folder, write_text
from warehouse.folder import DataFolder
from warehouse.manifest import has_hash, has_size, read_manifest
from warehouse.pins import Pins

RELEASE_ID = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{6}$")


@dataclass(frozen=True)
class Release:
    """One published release: its folder and what its manifest says."""

    release_id: str
    path: Path
    manifest: dict[str, Any]

    @property
    def database(self) -> Path:
        """The DuckDB file."""
        return self.path / "release.duckdb"

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.manifest["created_at"])

    @property
    def models(self) -> Path:
        """The saved models, a folder each."""
        return self.path / "models"


class ReleaseStore:
    """Finds, compares, serves and removes the releases of one data folder; `warehouse.publishing` adds them."""

    def __init__(self, folder: DataFolder) -> None:
        self.folder, self.home = folder, folder.releases
        self.pins = Pins(self.home)

    def current_id(self) -> str:
        """Return the id in CURRENT.

        Raises
        ------
        NoReleaseError
            If nothing has been published.
        """
        try:
            # bytes that are no text make no id, which is told where the release is looked for
            return (self.home / "CURRENT").read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError as error:
            raise NoReleaseError(f"{self.home} holds no release yet; run `playbill run` first") from error

    def current(self) -> Release:
        """Return the release that is served."""
        return self.get(self.current_id())

    def get(self, release_id: str, *, older: bool = False) -> Release:
        """Return one release.

        Parameters
        ----------
        older : bool
            Whether an older schema version will do, for who reads its manifest and models only.

        Raises
        ------
        UnknownReleaseError
            If there is none of that id.
        BrokenReleaseError
            If its manifest cannot be read or is of another schema version.
        """
        path = self.home / release_id
        if not RELEASE_ID.match(release_id) or not path.is_dir():
            known = ", ".join(self.ids()[:5]) or "none"
            raise UnknownReleaseError(f"no release is called {release_id!r}; the newest are {known}")
        try:
            manifest = read_manifest(path / "manifest.json")
        except (OSError, ValueError, RecursionError) as error:
            raise BrokenReleaseError(f"{path}/manifest.json cannot be read ({error}); roll back to another") from error
        version = manifest.get("schema_version")
        if version != SCHEMA_VERSION and not (older and isinstance(version, int) and version < SCHEMA_VERSION):
            raise BrokenReleaseError(
                f"release {release_id} has schema version {version}, this version reads "
                f"{SCHEMA_VERSION}; publish again with `playbill run`"
            )
        return Release(release_id, path, manifest)

    def ids(self) -> list[str]:
        """Return the ids of all releases, the one that was published last first, whatever the clock said then."""
        if not self.home.exists():
            return []
        names = (path.name for path in self.home.iterdir() if RELEASE_ID.match(path.name) and path.is_dir())
        return sorted(names, key=lambda release_id: (self.sequence(release_id), release_id), reverse=True)

    def sequence(self, release_id: str) -> int:
        """Return how many releases were published before, and one; 0 where the manifest does not tell."""
        try:
            sequence = read_manifest(self.home / release_id / "manifest.json").get("sequence")
        except (OSError, ValueError, RecursionError):
            return 0
        return sequence if isinstance(sequence, int) else 0

    def make_current(self, release_id: str) -> None:
        """Serve a release from now on: readers of the old one are not disturbed."""
        self.get(release_id)
        write_text(self.home / "CURRENT", release_id + "\n")
        link_to(self.home / "current.duckdb", Path(release_id) / "release.duckdb")

    def before(self, release_id: str) -> str:
        """Return the release that was published before ``release_id``, as far as it is still there.

        Raises
        ------
        UnknownReleaseError
            If there is none.
        """
        ids = self.ids()
        older = ids[ids.index(release_id) + 1 :] if release_id in ids else ids
        if not older:
            raise UnknownReleaseError(f"there is no release older than {release_id}; nothing to roll back to")
        return older[0]

    def verify(self, release_id: str) -> Release:
        """Compare every file of a release with its manifest: all sizes first, which costs nothing, then the hashes.

        Raises
        ------
        BrokenReleaseError
            If one is missing or differs; the message names it.
        """
        release = self.get(release_id)
        for is_as_published in (has_size, has_hash):
            for name, entry in release.manifest["files"].items():
                if not is_as_published(release.path / name, entry):
                    raise BrokenReleaseError(
                        f"release {release_id}: {name} is missing or changed; roll back to another"
                    )
        return release

    def damaged(self, release_id: str, *, under: str = "", but: str | None = None) -> list[str]:
        """Return the files of a release that are missing or not as they were published.

        Parameters
        ----------
        under : str
            What their names begin with, such as ``models/``; by default all are looked at.
        but : str, optional
            Files whose names begin with this are not looked at.
        """
        release = self.get(release_id, older=True)
        entries = {
            release.path / name: (name, entry)
            for name, entry in release.manifest["files"].items()
            if name.startswith(under) and not (but and name.startswith(but))
        }

        def is_damaged(path: Path) -> bool:
            entry = entries[path][1]
            return not (has_size(path, entry) and has_hash(path, entry))

        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:  # hashing lets go of the interpreter
            answers = list(threads.map(is_damaged, entries))
        return [entries[path][0] for path, answer in zip(entries, answers, strict=True) if answer]

    def prune(self, keep: int, *, daily: int = 0) -> list[str]:
        """Delete releases and return their ids.

        Parameters
        ----------
        keep : int
            The newest releases that stay; pinned ones stay too and are not counted.
        daily : int
            Of each of the last days that have a release, the last one stays.
        """
        pinned = self.pins.read()
        ids = [release_id for release_id in self.ids() if release_id not in pinned]
        last_of_day: dict[str, str] = {}
        for release_id in ids:  # in the order of publishing: a day in 2030 is no newer than those after it
            last_of_day.setdefault(release_id[:8], release_id)
        spared = {*ids[:keep], *list(last_of_day.values())[:daily], self.current_id()}
        doomed = [release_id for release_id in ids if release_id not in spared]
        for release_id in doomed:
            remove_folder(self.home / release_id)
        return doomed


def utc_now() -> datetime:
    """Return the time now, in UTC, to the second, as release ids tell it."""
    return datetime.now(UTC).replace(microsecond=0)
