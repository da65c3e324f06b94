"""What a machine can do to a run, in one line: a full disk, a folder that may not be written, a damaged file."""

from __future__ import annotations

import errno
import json
import sys

ADVICE = {
    errno.ENOSPC: "the disk is full: free some room and run it again",
    errno.EDQUOT: "the disk quota is used up: free some room and run it again",
    errno.EFBIG: "the file would grow past the limit for one file (ulimit -f)",
    errno.EROFS: "it lies on a read-only file system; set PLAYBILL_DATA_DIR to a folder that can be written",
    errno.EACCES: "it may not be read or written by this user; mend its permissions or set PLAYBILL_DATA_DIR",
    errno.EPERM: "it may not be changed by this user; mend its permissions or set PLAYBILL_DATA_DIR",
    errno.ENOENT: "it does not exist",
    errno.ENOTDIR: "a part of the path is a file and not a folder",
    errno.EISDIR: "it is a folder and not a file",
    errno.EEXIST: "it is there already",
    errno.EMFILE: "too many files are open (ulimit -n)",
    errno.EIO: "the disk cannot be read or written; look into the system's log",
    errno.EADDRINUSE: "the address is in use by another program",
    errno.ECONNREFUSED: "nothing answers there",
}
DUCKDB_ON_FILES = ("IOException", "SerializationException", "FatalException", "InvalidInputException")
NO_MEMORY = "there is not enough memory for this; close something, or take a smaller data set"
DISK_FULL = "no space left"
DAMAGED = "a file of the data folder cannot be read; it was damaged or cut short ({found}); land or build it again"


def foreseen(error: BaseException) -> str | None:
    """Return the line that explains a failure nobody meant and anybody can mend; None for a fault in the code.

    DuckDB and Arrow are looked up among what is loaded, so that asking costs nothing.
    """
    if isinstance(error, OSError):
        return _system(error)
    line = _first_line(error)
    if isinstance(error, MemoryError) or _is(error, "duckdb", "OutOfMemoryException"):
        return NO_MEMORY
    if _is(error, "duckdb", *DUCKDB_ON_FILES):
        return f"{ADVICE[errno.ENOSPC]} ({line})" if DISK_FULL in line.lower() else DAMAGED.format(found=line)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) or _is(error, "pyarrow", "ArrowException"):
        return DAMAGED.format(found=line)
    return None


def _system(error: OSError) -> str | None:
    if error.errno is None:  # raised by a library with its own words, such as pyarrow's of a damaged file
        return DAMAGED.format(found=_first_line(error))
    where = error.filename2 or error.filename
    what = ADVICE.get(error.errno, error.strerror or "the system refused it")
    return f"{where}: {what}" if where is not None else what


def _is(error: BaseException, library: str, *names: str) -> bool:
    loaded = sys.modules.get(library)
    return loaded is not None and isinstance(error, tuple(getattr(loaded, name) for name in names))


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
