"""A data set as it was downloaded: a zip file or a folder, read the same way."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from pipelines.settings_sections import LimitSettings
from warehouse.errors import SourceFormatError, SourceUnavailableError
from warehouse.files import BLOCK_BYTES, sha256_of

MOST_FILES = 10_000


class Archive:
    """The files of a zip or of a folder, by their base names.

    Raises
    ------
    SourceUnavailableError
        If the path does not exist.
    SourceFormatError
        If a file is not a zip, a zip is cut short, or it lists more files than any set has.
    """

    def __init__(self, path: Path, limits: LimitSettings | None = None, *, option: str = "--movielens") -> None:
        self.path, self._limits = path, limits or LimitSettings()
        if path.is_dir():
            home = _innermost(path)
            self._members = {item.name: str(item) for item in sorted(home.iterdir()) if item.is_file()}
            self.inner_name = home.resolve().name
            return
        if not path.exists():
            raise SourceUnavailableError(f"{path} does not exist; give {option} a zip file or a folder")
        try:
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if not n.endswith("/") and "__MACOSX" not in n]
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise SourceFormatError(f"{path} is not a whole zip file ({error}); download it again") from error
        if len(names) > MOST_FILES:
            raise SourceFormatError(f"{path} lists {len(names):,} files; a MovieLens set has a dozen")
        self._members = {PurePosixPath(name).name: name for name in names}
        folders = {PurePosixPath(name).parts[0] for name in names if len(PurePosixPath(name).parts) > 1}
        self.inner_name = folders.pop() if len(folders) == 1 else path.stem

    @property
    def names(self) -> list[str]:
        """Base names of the files inside, sorted."""
        return sorted(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def extract(self, name: str, target: Path) -> Path:
        """Copy one file out of the archive.

        Raises
        ------
        SourceFormatError
            If it is not there, its bytes do not match the zip's checksum, or it unpacks to more than is taken.
        """
        if name not in self._members:
            raise SourceFormatError(f"{self.path} holds no {name}; it holds {', '.join(self.names[:12]) or 'nothing'}")
        if self.path.is_dir():
            shutil.copyfile(self._members[name], target)
            return target
        try:
            with (
                zipfile.ZipFile(self.path) as archive,
                archive.open(self._members[name]) as source,
                target.open("wb") as sink,
            ):
                self._copy(name, source, sink)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's
            raise SourceFormatError(f"{self.path}: {name} is damaged ({error}); download the zip again") from error
        return target

    def _copy(self, name: str, source: IO[bytes], sink: IO[bytes]) -> None:
        """Unpack block by block; what a zip says of its sizes is not believed."""
        left = int(self._limits.unpacked_mb * 2**20)
        while block := source.read(BLOCK_BYTES):
            left -= len(block)
            if left < 0:
                raise SourceFormatError(
                    f"{self.path}: {name} unpacks to more than {self._limits.unpacked_mb:g} MB "
                    "(PLAYBILL_LIMITS__UNPACKED_MB); nothing was taken"
                )
            sink.write(block)

    def fingerprint(self) -> str:
        """Return a hash of the content, in hex: the same bytes always give the same batch."""
        if not self.path.is_dir():
            return sha256_of(self.path)
        digest = hashlib.sha256()
        for name in self.names:
            digest.update(f"{name}\0{sha256_of(Path(self._members[name]))}\n".encode())
        return digest.hexdigest()


def _innermost(folder: Path) -> Path:
    """Return the folder itself, or the only one in it when it holds nothing else, as after unpacking a zip."""
    seen = [item for item in folder.iterdir() if not item.name.startswith((".", "__MACOSX"))]
    return _innermost(seen[0]) if len(seen) == 1 and seen[0].is_dir() else folder
