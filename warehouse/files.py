"""Writing files so that a crash leaves either the old content or the new, never a half."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK_BYTES = 1 << 20
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""What is about people is for the user who runs Playbill alone, whatever the umask."""


def make_folder(folder: Path) -> Path:
    """Make a folder, and those above it, that only this user may enter; return it. One that exists stays as it is."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return folder


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's content survive a power cut."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; when the block ends well, it takes the place of ``path`` at once."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        yield temporary
        temporary.chmod(PRIVATE_FILE)
        sync_file(temporary)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to fill; when the block ends well, it becomes ``path``, which must not exist.

    Every file in it is fsynced before the rename, so a folder of that name is always whole.
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(mode=PRIVATE_FOLDER)
    try:
        yield temporary
        for item in sorted(temporary.rglob("*")):
            if item.is_file():
                item.chmod(PRIVATE_FILE)
                sync_file(item)
            else:
                item.chmod(PRIVATE_FOLDER)
                sync_folder(item)
        sync_folder(temporary)
        temporary.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Delete a folder, at once for whoever looks: killed on the way, it leaves what `remove_leftovers` deletes."""
    grave = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(grave, ignore_errors=True)
    path.rename(grave)
    shutil.rmtree(grave)


def link_to(link: Path, target: Path) -> None:
    """Make ``link`` point to ``target`` at once, whatever stood there before."""
    make_folder(link.parent)
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
    sync_folder(link.parent)


def write_text(path: Path, text: str) -> None:
    """Replace a small text file at once."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def remove_leftovers(folder: Path, *, deep: bool = False) -> int:
    """Delete what a killed writer left behind in ``folder`` and return how many; call it under the lock.

    Parameters
    ----------
    deep : bool
        Whether to look into the folders in it too, at any depth.
    """
    ways = [f"{way}{name}" for way in (("", "**/") if deep else ("",)) for name in (".*.tmp", ".*.tmp.wal")]
    removed = 0
    for path in dict.fromkeys(path for way in ways for path in folder.glob(way)):
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            continue  # it went with the folder it was in
        removed += 1
    return removed


def link_tree(source: Path, target: Path, *, but: Collection[str] = ()) -> None:
    """Hard-link every file under ``source`` into ``target``: files that never change need the disk once.

    Where the disk cannot link, files are copied.

    Parameters
    ----------
    but : collection of str
        Files that are left out, by their paths under ``source``.
    """
    for item in sorted(source.rglob("*")):
        place = target / item.relative_to(source)
        if item.is_dir() or str(item.relative_to(source)) in but:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(item)
        except OSError:
            shutil.copy2(item, place)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
