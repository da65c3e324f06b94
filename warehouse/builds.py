"""Builds: the warehouse and the data sets made with it, in a folder of their own that is swapped as one.

::

    builds/20261121T030000Z-3f9c2a/   warehouse.duckdb  interactions.parquet  movies.parquet  …  SHA256SUMS
    builds/current                    a link to the build in use: replacing it swaps everything at once
    warehouse.duckdb, lake/*.parquet  links for analysts, through builds/current
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from warehouse.errors import DamagedFileError, EmptyLakeError
from warehouse.files import link_to, new_folder, remove_folder, remove_leftovers
from warehouse.folder import BUILT, DataFolder
from warehouse.sums import check, rewriting, seal

log = logging.getLogger(__name__)

MAPPING = "tmdb_mapping"
"""The ledger of ids: a build reads it and adds to it, so it stays in the lake and outlives every build."""


@contextmanager
def building(folder: DataFolder) -> Iterator[Path]:
    """Give a folder to build in; when the block ends well, it takes the place of the build before, as one.

    When it does not, nothing has changed. Call it under the write lock.
    """
    remove_leftovers(folder.builds)
    build_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    with new_folder(folder.builds / build_id) as home:
        yield home
        seal(home)
    if (grown := folder.builds / build_id / f"{MAPPING}.parquet").exists():
        with rewriting(folder.dataset(MAPPING)) as temporary:
            shutil.copyfile(grown, temporary)
    link_to(folder.build, Path(build_id))
    _promised_links(folder)
    _remove_others(folder, build_id)


def built_file(folder: DataFolder, name: str) -> Path:
    """Return one of the data sets of the build in use, its checksum compared.

    Raises
    ------
    EmptyLakeError
        If nothing has been built.
    DamagedFileError
        If the file is not what the build wrote.
    """
    path = folder.dataset(name)
    if not path.parent.exists():
        raise EmptyLakeError(f"{path} does not exist; run `playbill ingest` and `playbill build` first")
    return check(path, "run `playbill build` again")


def known_mapping(folder: DataFolder) -> Path | None:
    """Return the ledger of ids, or None where nothing is in it yet; a damaged one is mended from the build in use.

    Call it under the write lock.

    Raises
    ------
    DamagedFileError
        If the build's copy is damaged too.
    """
    path = folder.dataset(MAPPING)
    copy = folder.build / path.name
    if not path.exists() and not copy.exists():
        return None
    try:
        return check(path, "")
    except DamagedFileError:
        sound = check(copy, f"delete {path} and run `playbill run`, which matches its films anew")
        with rewriting(path) as temporary:
            shutil.copyfile(sound, temporary)
        log.warning("the damaged ledger of ids was mended from the build in use: %s", path)
        return path


def _promised_links(folder: DataFolder) -> None:
    """Put links where analysts look for the data."""
    wanted = {folder.root / "warehouse.duckdb": folder.warehouse_file}
    wanted |= {folder.lake / f"{name}.parquet": folder.dataset(name) for name in BUILT}
    for link, target in wanted.items():
        way = Path(os.path.relpath(target, link.parent))
        if not link.is_symlink() or link.readlink() != way:
            link_to(link, way)


def _remove_others(folder: DataFolder, build_id: str) -> None:
    """Delete older builds; who has one of their files open reads on."""
    for path in folder.builds.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name != build_id:
            remove_folder(path)
