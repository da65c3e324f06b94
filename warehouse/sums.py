"""Checksums of a folder's files, beside them in ``SHA256SUMS``: what was written is what is read, or its name is told.

The file is what ``sha256sum --check SHA256SUMS`` reads, so that it can be checked without Playbill.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import DamagedFileError
from warehouse.files import replacing, sha256_of, write_text

SUMS = "SHA256SUMS"


def seal(folder: Path) -> None:
    """Write the checksum of every file in a folder."""
    files = sorted(item for item in folder.rglob("*") if item.is_file() and item.name != SUMS)
    _write(folder, [(sha256_of(item), str(item.relative_to(folder))) for item in files])


def damaged(folder: Path) -> list[str]:
    """Return the names of files that are missing or changed; `SUMS` itself where it cannot be read."""
    try:
        lines = _read(folder)
    except (OSError, ValueError):
        return [SUMS]
    names = dict.fromkeys(name for _, name in lines)
    return [name for name in names if not _matches(folder / name, {digest for digest, known in lines if known == name})]


def check(path: Path, remedy: str) -> Path:
    """Return ``path`` if it is as its folder's checksums say.

    Parameters
    ----------
    remedy : str
        What to do when it is not, the end of the message.

    Raises
    ------
    DamagedFileError
        If it is missing or changed, or nothing is known of it.
    """
    try:
        digests = {digest for digest, name in _read(path.parent) if name == path.name}
    except (OSError, ValueError):
        digests = set()
    if not digests or not _matches(path, digests):
        raise DamagedFileError(f"{path} is damaged: it is not what was written there; {remedy}")
    return path


def digest_of(path: Path) -> str | None:
    """Return the checksum that is known of a file; None where there is none, or more than one."""
    try:
        digests = {digest for digest, name in _read(path.parent) if name == path.name}
    except (OSError, ValueError):
        return None
    return digests.pop() if len(digests) == 1 else None


@contextmanager
def rewriting(path: Path) -> Iterator[Path]:
    """Replace or add one file of a sealed folder as `warehouse.files.replacing` does, its checksum with it.

    For the moment of the swap both checksums are good, so that a crash on the way damages nothing.
    """
    with replacing(path) as temporary:
        yield temporary
        try:
            known = _read(path.parent)
        except (OSError, ValueError):
            known = []
        new = (sha256_of(temporary), path.name)
        _write(path.parent, [*known, new])
    _write(path.parent, [*(line for line in known if line[1] != path.name), new])


def _matches(path: Path, digests: set[str]) -> bool:
    try:
        return sha256_of(path) in digests
    except OSError:
        return False


def _read(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    pairs = [tuple(line.split("  ", 1)) for line in lines]
    if not pairs or any(len(pair) != 2 or len(pair[0]) != 64 for pair in pairs):
        raise ValueError(SUMS)
    return [(pair[0], pair[1]) for pair in pairs]


def _write(folder: Path, lines: list[tuple[str, str]]) -> None:
    write_text(folder / SUMS, "".join(f"{digest}  {name}\n" for digest, name in lines))
