"""The releases on disk: written whole, named last, never changed, any of them one step away.

::

    releases/20261121T030000Z-3f9c2a/   release.duckdb  models/  manifest.json
    releases/CURRENT                    the id that is served
    releases/current.duckdb             a link for analysts
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse.contracts.release import SCHEMA_VERSION
from warehouse.errors import BrokenReleaseError, NoReleaseError, ReleaseError, UnknownReleaseError
from warehouse.files import link_to, new_folder, sha256_of, write_text
from warehouse.folder import DataFolder
from warehouse.pins import Pins, is_promotion

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
    """Reads, publishes and rolls back the releases of one data folder."""

    def __init__(self, folder: DataFolder) -> None:
        self.home = folder.releases
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
            manifest = _read_manifest(path / "manifest.json")
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
        return sorted(names, key=lambda release_id: (self._sequence(release_id), release_id), reverse=True)

    def _sequence(self, release_id: str) -> int:
        """Return how many releases were published before, and one; 0 where the manifest does not tell."""
        try:
            sequence = _read_manifest(self.home / release_id / "manifest.json").get("sequence")
        except (OSError, ValueError, RecursionError):
            return 0
        return sequence if isinstance(sequence, int) else 0

    @contextmanager
    def publishing(
        self, facts: dict[str, Any], created_at: datetime, *, base: Release | None = None, instead_of: str | None = None
    ) -> Iterator[tuple[str, Path]]:
        """Give an id and a folder to fill; when the block ends well, the release is whole.

        It is current then too, unless the served release is pinned.

        Parameters
        ----------
        facts : dict
            What the manifest says besides id, time, schema version and files; six hex digits of the id come from
            it, so it must hold what tells this release from any other.
        base : Release, optional
            One whose files were compared with its manifest just now: files hard-linked from it are not summed again.
        instead_of : str, optional
            The served release that this one stands in for: it is current then, pin or not, and takes over the pin.

        Yields
        ------
        release_id, path : str, Path
            Write ``release.duckdb`` and ``models/`` into ``path``.
        """
        sequence = max((self._sequence(other) for other in self.ids()), default=0) + 1
        seed = json.dumps([facts, created_at.isoformat(), sequence], sort_keys=True, default=str)
        release_id = f"{created_at:%Y%m%dT%H%M%SZ}-{hashlib.sha256(seed.encode()).hexdigest()[:6]}"
        with new_folder(self.home / release_id) as path:
            yield release_id, path
            files = sorted(item for item in path.rglob("*") if item.is_file())
            manifest = {
                "release_id": release_id,
                "schema_version": SCHEMA_VERSION,
                "created_at": created_at.isoformat(),
                "sequence": sequence,
                **facts,
                "files": {str(item.relative_to(path)): _entry(path, item, base) for item in files},
            }
            text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False, default=str)
            (path / "manifest.json").write_text(text + "\n", encoding="utf-8")
        if instead_of is not None:
            self.pins.move(instead_of, release_id)
            self.make_current(release_id)
        elif not self._is_held(facts):
            self.make_current(release_id)
            self.pins.end_rollbacks()

    def _is_held(self, facts: dict[str, Any]) -> bool:
        """Tell whether the served release stays, as it is pinned; a rollback's pin gives way to a promotion."""
        try:
            served = self.current()
        except ReleaseError:
            return False
        until = self.pins.read().get(served.release_id)
        return until == "unpin" or (until == "promotion" and not is_promotion(facts, served.manifest))

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
        for is_as_published in (_has_size, _has_hash):
            for name, entry in release.manifest["files"].items():
                if not is_as_published(release.path / name, entry):
                    raise BrokenReleaseError(
                        f"release {release_id}: {name} is missing or changed; roll back to another"
                    )
        return release

    def damaged(self, release_id: str, *, under: str = "") -> list[str]:
        """Return the files of a release that are missing or not as they were published.

        Parameters
        ----------
        under : str
            What their names begin with, such as ``models/``; by default all are looked at.
        """
        release = self.get(release_id, older=True)
        return [
            name
            for name, entry in release.manifest["files"].items()
            if name.startswith(under)
            and not (_has_size(release.path / name, entry) and _has_hash(release.path / name, entry))
        ]

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
            grave = self.home / f".{release_id}.tmp"
            (self.home / release_id).rename(grave)
            shutil.rmtree(grave)
        return doomed


def _read_manifest(path: Path) -> dict[str, Any]:
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


def _entry(home: Path, path: Path, base: Release | None) -> dict[str, Any]:
    """Return what a manifest says of a file, from ``base`` where the file is the same one."""
    size, name = path.stat().st_size, str(path.relative_to(home))
    known = base.manifest["files"].get(name) if base is not None else None
    if base is not None and known is not None and known.get("bytes") == size and path.samefile(base.path / name):
        return {"bytes": size, "sha256": known["sha256"]}
    return {"bytes": size, "sha256": sha256_of(path)}


def _has_size(path: Path, entry: dict[str, Any]) -> bool:
    return path.is_file() and path.stat().st_size == entry.get("bytes", path.stat().st_size)


def _has_hash(path: Path, entry: dict[str, Any]) -> bool:
    return sha256_of(path) == str(entry["sha256"])


def utc_now() -> datetime:
    """Return the time now, in UTC, to the second, as release ids tell it."""
    return datetime.now(UTC).replace(microsecond=0)
